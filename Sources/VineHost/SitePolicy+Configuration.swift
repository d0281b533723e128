import VineRegistry
import VineRouter
import Yams

/// `policy` of the configuration: a mapping of lists of names, every key of which may be left out.
extension SitePolicy {
  static let expectation =
    "a mapping of acceptSites, refuseSites, acceptVines and refuseVines to lists of names, none of them empty"

  /// - Returns: nil for an unknown key, what is no name, or an empty list: nobody knows whether that means all or none.
  static func read(_ node: Node) -> SitePolicy? {
    guard let mapping = node.mapping else { return nil }
    var policy = SitePolicy()
    for (key, value) in mapping {
      switch key.string {
      case "acceptSites":
        guard let names: [SiteName] = names(value) else { return nil }
        policy.acceptedSites = names
      case "refuseSites":
        guard let names: [SiteName] = names(value) else { return nil }
        policy.refusedSites = names
      case "acceptVines":
        guard let names: [VineName] = names(value) else { return nil }
        policy.acceptedVines = names
      case "refuseVines":
        guard let names: [VineName] = names(value) else { return nil }
        policy.refusedVines = names
      default: return nil
      }
    }
    return policy
  }

  private static func names<Name: LosslessStringConvertible>(_ node: Node) -> [Name]? {
    guard let sequence = node.sequence, !sequence.isEmpty else { return nil }
    let names = sequence.map { $0.string.flatMap(Name.init) }
    return names.contains { $0 == nil } ? nil : names.compactMap { $0 }
  }

  /// One line for `status`; nil if it refuses nothing.
  var sentence: String? {
    let parts = [
      acceptedSites.map { "accepts only sites \(list($0))" }, acceptedVines.map { "accepts only ViNes \(list($0))" },
      refusedSites.isEmpty ? nil : "refuses sites \(list(refusedSites))",
      refusedVines.isEmpty ? nil : "refuses ViNes \(list(refusedVines))",
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  private func list(_ names: [some CustomStringConvertible]) -> String {
    names.map(\.description).joined(separator: ", ")
  }
}
