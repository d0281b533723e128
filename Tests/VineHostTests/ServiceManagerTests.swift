import Foundation
import Synchronization
import Testing
import VineBase
import VineControl

@testable import VineHost

@Suite struct ServiceManagerTests {
  @Test func `messages are the lines of sd_notify`() {
    #expect(ServiceMessage.ready.text == "READY=1")
    #expect(ServiceMessage.watchdog.text == "WATCHDOG=1" && ServiceMessage.stopping.text == "STOPPING=1")
    #expect(ServiceMessage.reloading(Instant(nanoseconds: 7_000_999)).text == "RELOADING=1\nMONOTONIC_USEC=7000")
  }

  @Test func `a status of two lines adds no key`() {
    #expect(ServiceMessage.status("up\nWATCHDOG=1\r\nall").text == "STATUS=up WATCHDOG=1 all")
  }

  @Test(arguments: [[:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "@"], ["NOTIFY_SOCKET": "run/x"]])
  func `without a manager's address nobody is told`(environment: [String: String]) {
    #expect(ServiceManager(environment: environment, process: 1) == nil)
  }

  @Test func `an address that the kernel has no room for is none`() {
    let name = "/" + String(repeating: "a", count: 107)
    #expect(ServiceManager(environment: ["NOTIFY_SOCKET": name], process: 1) == nil)
    #expect(ServiceManager(environment: ["NOTIFY_SOCKET": String(name.dropLast())], process: 1) != nil)
  }

  @Test func `a watchdog is heeded if it is this process's own and its time can be`() {
    func watchdog(_ more: [String: String]) -> Duration? {
      ServiceManager(environment: more.merging(["NOTIFY_SOCKET": "/run/x"]) { $1 }, process: 7)?.watchdog
    }
    #expect(watchdog(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
    #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == .seconds(30))
    #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]) == nil)
    for wrong in ["0", "-1", "x", "9223372036854775807"] { #expect(watchdog(["WATCHDOG_USEC": wrong]) == nil) }
  }

  @Test(arguments: ["", "@"])
  func `ready is told when the VR serves, and signs of life end when it hangs`(abstract: String) async throws {
    let listener = try Listener(abstract: !abstract.isEmpty)
    let manager = try #require(
      ServiceManager(
        environment: ["NOTIFY_SOCKET": listener.name, "WATCHDOG_USEC": "60000"], process: getpid()))
    let serves = Atomic(false)
    let hangs = Atomic(false)
    let heartbeat = Heartbeat(
      manager: manager,
      status: {
        while hangs.load(ordering: .relaxed) && !Task.isCancelled { await Task.yield() }
        return "public VR of uf"
      }, isServing: { serves.load(ordering: .relaxed) })
    let task = Task { await heartbeat.run() }
    try await Task.sleep(for: .milliseconds(120))
    #expect(listener.heard().isEmpty)
    serves.store(true, ordering: .relaxed)
    var heard: [String] = []
    for _ in 0..<500 where heard.count < 4 {
      try await Task.sleep(for: .milliseconds(10))
      heard += listener.heard()
    }
    #expect(heard.first == "READY=1\nSTATUS=public VR of uf")
    #expect(heard.count >= 4 && heard.dropFirst().allSatisfy { $0 == "WATCHDOG=1\nSTATUS=public VR of uf" })
    hangs.store(true, ordering: .relaxed)
    try await Task.sleep(for: .milliseconds(100))
    _ = listener.heard()
    try await Task.sleep(for: .milliseconds(200))
    #expect(listener.heard().isEmpty)
    hangs.store(false, ordering: .relaxed)
    for _ in 0..<500 where heard.last != "back" {
      try await Task.sleep(for: .milliseconds(10))
      if !listener.heard().isEmpty { heard.append("back") }
    }
    #expect(heard.last == "back")
    task.cancel()
    await task.value
  }
}

/// What a service manager has: a socket for datagrams.
private final class Listener: Sendable {
  /// As NOTIFY_SOCKET has it.
  let name: String
  private let descriptor: Int32

  init(abstract: Bool) throws {
    let path = "\(FileManager.default.temporaryDirectory.path)/notify-\(UUID().uuidString)"
    name = abstract ? "@\(path)" : path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = abstract ? [0] + Array(path.utf8) : Array(path.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(2 + bytes.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(bound == 0)
  }

  deinit {
    close(descriptor)
    if !name.hasPrefix("@") { unlink(name) }
  }

  /// What came since the last call.
  func heard() -> [String] {
    var found: [String] = []
    var room = [UInt8](repeating: 0, count: 4096)
    while case let count = recv(descriptor, &room, room.count, 0), count > 0 {
      found.append(String(decoding: room[..<count], as: UTF8.self))
    }
    return found
  }
}
