import CLinuxShim
import Foundation
import Synchronization
import Testing

/// Whether tests may make network namespaces; those that need them are skipped otherwise.
enum Root {
  static let isAvailable = geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/ip")
  static let comment: Comment = "needs root: makes network namespaces of its own"
}

/// Runs a program and returns its exit code and output.
@discardableResult
func run(_ command: String, namespace: String? = nil) -> (status: Int32, output: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  let words = command.split(separator: " ").map(String.init)
  process.arguments = (namespace.map { ["ip", "netns", "exec", $0] } ?? []) + words
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  do { try process.run() } catch { return (127, "\(error)") }
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return (process.terminationStatus, output)
}

/// A program that runs until it is stopped.
final class Background {
  private let process = Process()

  init(_ command: String, namespace: String) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ip", "netns", "exec", namespace] + command.split(separator: " ").map(String.init)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    process.terminate()
    // iperf3 may wait for its peer for ever after SIGTERM.
    if !eventually(2, { !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
}

/// Runs `body` on a thread of its own inside a network namespace; sockets and threads made there stay in it.
func inside<Result: Sendable>(_ namespace: String, _ body: @escaping @Sendable () throws -> Result) throws -> Result {
  let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    let entered = vine_enter_network_namespace("/run/netns/\(namespace)")
    let result = Swift.Result { () throws -> Result in
      guard entered == 0 else { throw POSIXError(.ENOENT) }
      return try body()
    }
    outcome.withLock { $0 = result }
    done.signal()
  }
  thread.start()
  done.wait()
  return try #require(outcome.withLock { $0 }).get()
}

/// Waits until `condition` holds, at most `seconds`.
func eventually(_ seconds: Double = 20, _ condition: () -> Bool) -> Bool {
  let end = Date().addingTimeInterval(seconds)
  while Date() < end {
    if condition() { return true }
    usleep(5000)
  }
  return condition()
}
