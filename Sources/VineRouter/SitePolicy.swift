import VineBase
import VineRegistry
import VineRouting

/// Which sites and ViNes a site deals with: its own word in its own configuration, which no other VR, voter or founder can
/// change. Packets of what it refuses are dropped here, in both directions.
public struct SitePolicy: Hashable, Sendable {
  /// If there are any, only these; nil: all.
  public var acceptedSites: [SiteName]?
  public var acceptedVines: [VineName]?
  /// Also among the accepted.
  public var refusedSites: [SiteName] = []
  public var refusedVines: [VineName] = []

  public init() {}

  public var refusesNothing: Bool { self == SitePolicy() }

  public func refuses(_ site: SiteName) -> Bool {
    refusedSites.contains(site) || acceptedSites.map { !$0.contains(site) } ?? false
  }

  public func refuses(_ vine: VineName) -> Bool {
    refusedVines.contains(vine) || acceptedVines.map { !$0.contains(vine) } ?? false
  }

  /// All names in it.
  public var sites: [SiteName] { (acceptedSites ?? []) + refusedSites }
  public var vines: [VineName] { (acceptedVines ?? []) + refusedVines }
}

extension Router {
  /// What the policy comes to in the mesh as it is known here. The site itself is never refused; a VR whose site's name has not
  /// come yet is, where only named ones are accepted.
  func refusals(among networks: [NetworkID]) -> Refusals {
    guard !policy.refusesNothing else { return Refusals() }
    let nodes = directory.participants(in: networks).filter { other in
      other != node && (directory.view.sites[other].map { policy.refuses($0.name) } ?? (policy.acceptedSites != nil))
    }
    let refused = networks.filter { directory.view.vines[$0].map { policy.refuses($0.name) } ?? false }
    return Refusals(nodes: nodes, networks: refused)
  }

  mutating func policyChanged(_ new: SitePolicy, _ turn: inout Turn) {
    guard policy != new else { return }
    policy = new
    turn.hostsChanged = true
  }

  func refusesByPolicy(_ vine: VineName) -> RequestFailure? {
    guard policy.refuses(vine) else { return nil }
    return RequestFailure(
      "the policy of site \(identity.site) refuses ViNe \(vine)",
      mend: "change `policy` in the configuration and run `vine-mesh reload`", .denied)
  }
}
