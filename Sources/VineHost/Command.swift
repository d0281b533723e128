import Foundation
import VineControl

/// Runs iptables and ip: the tools an operator would use to look at what was done.
enum Command {
  struct Outcome {
    let status: Int32
    let output: String
    let error: String
  }

  /// Waits for the end; the tools run here take milliseconds.
  static func run(_ tool: String, _ arguments: [String], input: String? = nil) -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = (environment["PATH"].map { $0 + ":" } ?? "") + "/usr/sbin:/sbin:/usr/bin:/bin"
    process.environment = environment
    let (output, error, source) = (Pipe(), Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    process.standardInput = source
    do { try process.run() } catch {
      return Outcome(status: 127, output: "", error: "\(tool) cannot be run: \(error.localizedDescription)")
    }
    if let input { try? source.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try? source.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: text, error: complaint)
  }
}
