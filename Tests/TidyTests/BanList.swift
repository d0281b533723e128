/// What this repository does not write, where, and what it writes instead.
struct Ban: Sendable {
  let name: String
  /// Says where the ban holds.
  let holds: @Sendable (SourceFile) -> Bool
  /// Texts without one of which `finds` is never true.
  let cues: [String]
  let finds: @Sendable (String) -> Bool
  let instead: String

  /// Lines of `file` that break the ban and carry no reason.
  func findings(in file: SourceFile) -> [Finding] {
    guard holds(file) else { return [] }
    return file.lines(with: cues).compactMap { number, line in
      guard finds(line), !file.allows(name, line: number) else { return nil }
      return Finding(path: file.path, line: number, text: "\(name) is banned here: \(instead)")
    }
  }
}

extension Ban {
  static let executables: Set = ["vine-bench", "vine-mesh", "vine-meshd", "vine-sim"]
  /// Shells, which read clocks and randomness so that nobody else has to.
  static let shells: Set = ["VineHost", "VineDataPlane", "VineSimulation"]
  /// They hold libraries' contexts, sockets and rings that the compiler cannot see into; each says why it is safe.
  static let uncheckedAllowed: Set = ["VineHost", "VineDataPlane", "VineSession", "VineRouting"]

  static let all: [Ban] = [
    Ban(
      name: "try!", holds: { _ in true }, cues: ["try!"], finds: { $0.contains(/\btry!/) },
      instead: "throw, or #require in a test"),
    Ban(
      name: "as!", holds: { _ in true }, cues: ["as!"], finds: { $0.contains(/\bas!/) }, instead: "as? and a guard"),
    Ban(
      name: "print", holds: { !$0.isTest && !executables.contains($0.target) },
      cues: ["print(", "debugPrint(", "dump("], finds: { $0.contains(/(?:^|[^.\w])(?:print|debugPrint|dump)\(/) },
      instead: "emit an event in a core, log in a shell"),
    Ban(
      name: "Date()", holds: outsideShells,
      cues: ["Date(", "Date.now"], finds: { $0.contains(/\bDate\(\)|\bDate\.now\b|\bDate\(timeIntervalSinceNow/) },
      instead: "take an Instant or a WallTime as an argument"),
    Ban(
      name: "clock", holds: outsideShells,
      cues: ["Clock", "DispatchTime", "clock_gettime", "gettimeofday", ".now()"],
      finds: {
        $0.contains(/\b(?:ContinuousClock|SuspendingClock|DispatchTime|clock_gettime|gettimeofday)\b|\.now\(\)/)
      },
      instead: "take an Instant as an argument"),
    Ban(
      name: "randomness", holds: outsideShells,
      cues: [".random", ".shuffle", "SystemRandom"],
      finds: {
        $0.contains(/\.random\(|\.randomElement\(\)|\.shuffled\(\)|\.shuffle\(\)|\bSystemRandomNumberGenerator\b/)
          && !$0.contains("using:")
      },
      instead: "take a RandomSource as an argument"),
    Ban(
      name: "unchecked", holds: { !$0.isTest && !uncheckedAllowed.contains($0.target) },
      cues: ["@unchecked", "nonisolated("], finds: { $0.contains(/@unchecked\s+Sendable|nonisolated\(unsafe\)/) },
      instead: "use a value, or move the object into the shell that owns it"),
  ]

  private static let outsideShells: @Sendable (SourceFile) -> Bool = { file in
    !file.isTest && !shells.contains(file.target) && !executables.contains(file.target)
  }
}

/// Iteration over a Dictionary or a Set changes from run to run: cores look up in them and iterate sorted things.
enum HashedOrder {
  static let name = "hashed order"

  /// Sees variables that the same file declares with a type or a literal that says Dictionary or Set.
  static func findings(in file: SourceFile) -> [Finding] {
    let hashed = Set(file.lines(with: ["Set", "Dictionary", ":"]).map(\.code).flatMap(declared))
    guard !hashed.isEmpty else { return [] }
    return file.lines(with: Array(hashed)).compactMap { number, line in
      guard !line.contains("sorted"), !file.allows(name, line: number),
        let culprit = iterated(line).first(where: hashed.contains)
      else { return nil }
      let text = "\(name): `\(culprit)` has none: iterate its sorted keys, or make it a SortedMap"
      return Finding(path: file.path, line: number, text: text)
    }
  }

  private static func declared(_ line: String) -> [String] {
    guard line.contains("let ") || line.contains("var ") else { return [] }
    let typed = /\b(?:var|let)\s+(\w+)\s*:\s*(?:Set<|Dictionary<|\[[^\[\]]+:[^\]]+\])/
    let made = /\b(?:var|let)\s+(\w+)\s*=\s*(?:Set\(|Set<|Dictionary\(|Dictionary<|\[[^\[\]"]+:[^\]]+\]\()/
    return line.matches(of: typed).map { String($0.1) } + line.matches(of: made).map { String($0.1) }
  }

  private static func iterated(_ line: String) -> [String] {
    let loop = /\bfor\b.*\bin\s+(?:self\.)?(\w+)(?:\.(?:keys|values))?\s*(?:where\b.*)?\{/
    let call = /\b(\w+)(?:\.(?:keys|values))?\.(?:map|flatMap|compactMap|forEach|reduce|first|enumerated|joined)\b/
    return line.matches(of: loop).map { String($0.1) } + line.matches(of: call).map { String($0.1) }
  }
}
