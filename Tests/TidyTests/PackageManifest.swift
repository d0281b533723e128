import Foundation

/// What Package.swift says, read as text: asking SwiftPM for it would start a build in the middle of a test.
struct PackageManifest {
  /// Modules that each pure core may import: its dependencies and VineBase, by the core's name.
  let cores: [String: Set<String>]
  /// Names of the packages it depends on: `swift-log`.
  let packages: [String]
  /// Debian packages with the C libraries it links.
  let debianPackages: [String]

  init(_ text: String) {
    var products: [String: String] = [:]
    for match in text.matches(of: /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/) {
      products[String(match.1)] = String(match.2)
    }
    var cores: [String: Set<String>] = [:]
    for match in text.matches(of: /core\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?\s*\)/) {
      let named = (match.2 ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      let modules = named.filter { !$0.isEmpty }.map { products[$0] ?? $0.replacing("\"", with: "") }
      cores[String(match.1)] = Set(modules).union(["VineBase"])
    }
    if text.contains(#".target(name: "VineBase""#) { cores["VineBase"] = [] }
    self.cores = cores
    packages = text.matches(of: /\.package\(url: "[^"]*\/([^"\/]+)"/).map { String($0.1) }
    debianPackages = text.matches(of: /\.apt\(\[([^\]]*)\]\)/).flatMap { match in
      match.1.matches(of: /"([^"]+)"/).map { String($0.1) }
    }
  }

  /// Foundation is allowed where X.509's own API speaks it, and nowhere else in a core.
  static let foundationAllowed: Set = ["VineIdentity"]

  func findings(in file: SourceFile) -> [Finding] {
    guard !file.isTest, let allowed = cores[file.target] else { return [] }
    let extra: Set = Self.foundationAllowed.contains(file.target) ? ["Foundation", "FoundationEssentials"] : []
    return file.imports.filter { !allowed.union(extra).contains($0.module) }.map { module, line in
      let text = "\(file.target) is a pure core and may not import \(module): Package.swift gives it no such dependency"
      return Finding(path: file.path, line: line, text: text)
    }
  }
}
