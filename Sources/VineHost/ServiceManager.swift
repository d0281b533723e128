import Foundation
import VineBase
import VineControl

/// What a service tells its manager: the protocol of sd_notify(3), one datagram of `KEY=value` lines.
enum ServiceMessage: Hashable {
  /// The start is complete, or the configuration has been read again.
  case ready
  /// One line for `systemctl status`.
  case status(String)
  /// Everything that is to be alive is.
  case watchdog
  /// The configuration is read again; the manager wants to know since when, by CLOCK_MONOTONIC.
  case reloading(Instant)
  case stopping

  var text: String {
    switch self {
    case .ready: "READY=1"
    // A line's end would begin another key.
    case .status(let line): "STATUS=" + line.split(whereSeparator: \.isNewline).joined(separator: " ")
    case .watchdog: "WATCHDOG=1"
    case .reloading(let since): "RELOADING=1\nMONOTONIC_USEC=\(since.nanoseconds / 1000)"
    case .stopping: "STOPPING=1"
    }
  }
}

/// The service manager that started this process: systemd, or whoever else listens at NOTIFY_SOCKET.
struct ServiceManager: Sendable {
  /// The listener's address, as bytes of `sun_path`.
  private let path: [UInt8]
  /// Within this time it wants to hear `watchdog`, or it ends the process; nil: it does not care.
  let watchdog: Duration?

  /// - Parameters:
  ///   - environment: NOTIFY_SOCKET, an absolute path or an abstract name behind `@`; WATCHDOG_USEC; WATCHDOG_PID.
  ///   - process: the own number; a watchdog for another process is none.
  /// - Returns: nil where nobody wants to be told.
  init?(environment: [String: String], process: Int32) {
    guard let name = environment["NOTIFY_SOCKET"], let first = name.utf8.first, name.utf8.count > 1 else { return nil }
    guard first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.utf8.count <= Self.pathMax else { return nil }
    path = first == UInt8(ascii: "@") ? [0] + name.utf8.dropFirst() : Array(name.utf8)
    let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
    let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
    // More than a year is nobody's watchdog, and would overflow further on.
    watchdog = isOurs && (1...31_536_000_000_000).contains(limit) ? .microseconds(limit) : nil
  }

  /// Bytes of `sun_path` without the zero behind it.
  private static let pathMax = 107

  /// A manager that does not listen, or whose socket is full, is not waited for.
  func tell(_ messages: ServiceMessage...) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let text = Array(messages.map(\.text).joined(separator: "\n").utf8)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
        sendto(descriptor, text, text.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), target, length)
      }
    }
  }
}

/// Tells the service manager that the VR serves, what it is at, and that it is alive: each sign is given after the control
/// thread and the data thread have both answered, so a VR of which one hangs is started anew.
struct Heartbeat: Sendable {
  let manager: ServiceManager
  /// Answered by both threads: what `systemctl status` is to show.
  let status: @Sendable () async -> String
  /// Whether the local API answers.
  let isServing: @Sendable () async -> Bool

  /// How often the manager hears something if it has no watchdog.
  private static let interval = Duration.seconds(10)
  private static let pause = Duration.milliseconds(50)

  /// Until cancelled.
  func run() async {
    while await !isServing() { guard (try? await Task.sleep(for: Self.pause)) != nil else { return } }
    manager.tell(.ready, .status(await status()))
    // Three signs within the watchdog's time: two may be late.
    let interval = min(manager.watchdog.map { $0 / 3 } ?? Self.interval, Self.interval)
    while !Task.isCancelled {
      let line = await status()
      manager.tell(.watchdog, .status(line))
      guard (try? await Task.sleep(for: interval)) != nil else { return }
    }
  }
}

extension StatusView {
  /// One short line.
  var serviceLine: String {
    let registry = consensus.hasQuorum ? "quorum" : "no quorum"
    let worst = health.first.map { "; \($0.level.rawValue): \($0.text)" } ?? ""
    return "\(role.rawValue) VR of \(site), \(vrs.up) of \(vrs.known) VRs up, \(registry)\(worst)"
  }
}
