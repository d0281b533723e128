import ArgumentParser
import CLinuxShim
import Foundation
import VineBase
import VineLink

@main
struct VineLinkTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vine-link", abstract: "Emulates links between network namespaces, for tests.",
    discussion: """
      Joins pairs of interfaces and shapes what goes between them. SIGHUP reads the shapes of the configuration again; \
      SIGTERM and SIGINT end it, and what was counted goes to the file named by --report. The configuration is JSON:
        {"plain": ["ns:interface"], "links": [{"name": "l", "a": "ns:interface", "b": "ns:interface",
          "aToB": "rate=20.4mbit delay=12ms", "bToA": "rate=20.4mbit delay=12ms queue=256kB loss=0.1%"}]}
      Interfaces under `plain` have their offloads turned off, as those of the links have.
      """)

  @Option(help: "The links.")
  var config: String
  @Option(help: "Where the counters go at the end, JSON.")
  var report: String?
  @Option(help: "What is drawn by chance follows from it.")
  var seed: UInt64 = 1
  @Option(help: "Ends by itself after this many seconds.")
  var seconds = 3600

  func validate() throws {
    guard (1...86_400).contains(seconds) else { throw ValidationError("--seconds is 1 to 86400") }
  }

  func run() throws {
    let configuration = try Configuration.load(config)
    vine_catch_signals()
    let emulator = try Emulator(configuration, seed: seed)
    vine_precise_timers()
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    emulator.run(atMost: .seconds(seconds)) {
      guard let again = try? Configuration.load(config) else { return nil }
      return again.links
    }
    guard let report else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(emulator.report).write(to: URL(fileURLWithPath: report))
  }

  /// What is wrong, in one line, with exit code 64.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let fault as Fault {
      FileHandle.standardError.write(Data("vine-link: \(fault.description)\n".utf8))
      Foundation.exit(64)
    } catch {
      exit(withError: error)
    }
  }
}

/// Why links cannot be made.
struct Fault: Error, CustomStringConvertible {
  let description: String
}

struct Configuration: Decodable {
  struct Link: Decodable {
    let name: String
    let a, b: String
    let aToB, bToA: String
  }

  let plain: [String]?
  let links: [Link]

  static func load(_ path: String) throws -> Configuration {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Fault(description: "cannot read \(path)")
    }
    do {
      let read = try JSONDecoder().decode(Configuration.self, from: data)
      for link in read.links {
        for text in [link.aToB, link.bToA] {
          do throws(ShapeError) { _ = try LinkShape(text) } catch {
            throw Fault(description: "\(path): link \(link.name): \(error)")
          }
        }
      }
      guard (1...16).contains(read.links.count) else { throw Fault(description: "\(path): 1 to 16 links, please") }
      return read
    } catch let fault as Fault {
      throw fault
    } catch {
      throw Fault(description: "\(path): \(error)")
    }
  }
}

/// `namespace:interface`.
struct Place {
  let namespace: String
  let interface: String

  init(_ text: String) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, !parts[0].contains("/") else {
      throw Fault(description: "`\(text)` is not namespace:interface")
    }
    (namespace, interface) = (String(parts[0]), String(parts[1]))
  }

  /// Runs `body` with the interface's name in its namespace. - Returns: what `body` does; below 0 it failed.
  func inside(_ body: @escaping (String) -> Int32) throws -> Int32 {
    final class Box {
      let body: (String) -> Int32
      let interface: String
      var result: Int32 = -1
      init(_ body: @escaping (String) -> Int32, _ interface: String) { (self.body, self.interface) = (body, interface) }
    }
    let box = Box(body, interface)
    let entered = vine_in_network_namespace(
      "/run/netns/\(namespace)",
      { context in
        guard let context else { return }
        let box = Unmanaged<Box>.fromOpaque(context).takeUnretainedValue()
        box.result = box.body(box.interface)
      }, Unmanaged.passUnretained(box).toOpaque())
    guard entered == 0 else { throw Fault(description: "cannot enter namespace \(namespace): \(text(errno))") }
    guard box.result >= 0 else { throw Fault(description: "\(namespace):\(interface): \(text(errno))") }
    return box.result
  }

  private func text(_ error: Int32) -> String { String(cString: vine_error_text(error)) }
}
