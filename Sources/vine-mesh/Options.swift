import ArgumentParser
import Foundation
import VineBase
import VineControl

/// Which daemon is asked.
struct SocketOptions: ParsableArguments {
  @Option(
    help: "The mesh whose daemon is asked; needed only where this machine is in several.", completion: LiveNames.meshes)
  var mesh: String?

  @Option(help: "The daemon's socket, where it is not the mesh's standard one.", completion: .file())
  var socket: String?

  func client(timeout: Duration) throws -> ControlClient {
    ControlClient(socket: try socket ?? standardSocket(), timeout: timeout)
  }

  private func standardSocket() throws -> String {
    if let mesh { return MeshPaths.standard(mesh: try MeshName.checked(mesh)).socket }
    let meshes = MeshName.all()
    guard meshes.count < 2 else {
      let mend = "name one with --mesh, of \(meshes.joined(separator: ", "))"
      throw ControlError("this machine is in \(meshes.count) meshes", mend: mend, .usage)
    }
    guard let only = meshes.first else {
      let mend = "run `vine-mesh init` or `vine-mesh join` first, or name its --socket"
      throw ControlError("no mesh under \(MeshPaths.configurationRoot)", mend: mend, .notRunning)
    }
    return MeshPaths.standard(mesh: only).socket
  }
}

/// Which daemon is asked, and for how long.
struct DaemonOptions: ParsableArguments {
  @OptionGroup var daemon: SocketOptions

  @Option(help: "Gives up after this time, as in 500ms, 10s or 2m.")
  var timeout = Span(.seconds(10))

  func client() throws -> ControlClient { try daemon.client(timeout: timeout.duration) }
}

/// How an answer is shown.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Prints one JSON document.")
  var json = false

  @Flag(name: .customLong("no-color"), help: "Prints no colours, as NO_COLOR in the environment does.")
  var noColour = false

  var palette: Palette { Output.takesColour && !noColour ? .colour : .plain }
}

/// For verbs that only look.
struct QueryOptions: ParsableArguments {
  @OptionGroup var daemon: DaemonOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Asks again every second, until interrupted.")
  var watch = false
}

/// Where the files of a VR go that is made on this machine.
struct PlaceOptions: ParsableArguments {
  @Option(name: .customLong("config"), help: "The configuration file [/etc/vine-mesh/<mesh>/config.yaml].")
  var configuration: String?

  @Option(help: "The state folder [/var/lib/vine-mesh/<mesh>].")
  var state: String?

  @Option(help: "The daemon's socket [/run/vine-mesh/<mesh>.sock].")
  var socket: String?

  var overrides: PathOverrides { PathOverrides(configuration: configuration, state: state, socket: socket) }
}

/// For verbs that take something away.
struct DestructiveOptions: ParsableArguments {
  @Flag(help: "Does not ask.")
  var yes = false

  @Flag(help: "Says what would be done, and does nothing.")
  var dryRun = false

  /// Asks on the terminal. `what` begins with the verb: `delete ViNe physics, in which 3 sites take part`.
  /// - Returns: whether to go on; false for a dry run, which has been told then: where a document is wanted, on standard error.
  /// - Throws: if the answer is no, or nobody can be asked.
  func confirm(_ what: String, _ output: OutputOptions) throws -> Bool {
    if dryRun {
      output.json ? Output.ask("would \(what)\n") : Output.write("would \(what)\n")
      return false
    }
    if yes { return true }
    guard Output.canAsk else {
      throw ControlError("nobody can be asked whether to \(what)", mend: "give --yes", .usage)
    }
    Output.ask("\(what)? [y/N] ")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw ControlError("nothing was done", mend: "answer y, or give --yes")
    }
    return true
  }
}

/// A time span of the command line: `90`, `500ms`, `10s`, `2m`, `12h`, `7d`; without a unit it is seconds.
struct Span: ExpressibleByArgument, CustomStringConvertible {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    // A hundred years: more would overflow dates further on.
    let units = ["": 1000, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    guard let unit = units[String(argument.dropFirst(digits.count))], let count = Int(digits), count > 0,
      count <= 36_525 * 86_400_000 / unit
    else { return nil }
    duration = .milliseconds(count * unit)
  }

  /// As it would be typed: the largest unit that leaves no rest.
  var description: String {
    let milliseconds = duration.inNanoseconds / 1_000_000
    let units: [(String, Int64)] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
    guard let (unit, size) = units.first(where: { milliseconds % $0.1 == 0 }) else { return "\(milliseconds)ms" }
    return "\(milliseconds / size)\(unit)"
  }

  var defaultValueDescription: String { description }
}

/// Hosts that a block has to hold; the registry knows how many that can be.
struct HostCount: ExpressibleByArgument, CustomStringConvertible {
  let count: Int

  init(_ count: Int) { self.count = count }

  init?(argument: String) {
    guard let count = Int(argument), count > 0 else { return nil }
    self.count = count
  }

  var description: String { "\(count)" }
  var defaultValueDescription: String { description }
}

/// Names of meshes are parts of paths, so they are checked before they become one.
enum MeshName {
  static func checked(_ name: String) throws -> String {
    let letters = name.utf8
    let isFine = letters.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    guard (1...63).contains(letters.count), isFine, (0x61...0x7A).contains(letters.first ?? 0) else {
      let mend = "use 1 to 63 of a-z, 0-9 and -, a letter first"
      throw ControlError("`\(name)` is no name of a mesh", mend: mend, .usage)
    }
    return name
  }

  /// Meshes with a configuration on this machine, by name.
  static func all() -> [String] {
    let root = MeshPaths.configurationRoot
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.sorted().filter { FileManager.default.fileExists(atPath: MeshPaths.standard(mesh: $0).configuration) }
  }
}
