import VineBase
import VineRouting

/// Whether the VRs of a ViNe derived the same GNDT, as far as they said so to this VR.
public struct Agreement: Sendable {
  /// A participant that is up and announces another table, or none.
  public struct Laggard: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
      /// It knows less.
      case behind
      /// It knows more: this VR is behind.
      case ahead
      /// The same version with another table: facts or records are still on their way.
      case differs
      /// It announced nothing of this ViNe.
      case silent
    }

    public let node: NodeID
    public let reason: Reason
    public let version: TableVersion?
    /// Since when this VR has another table than the other announces.
    public let since: Instant?
  }

  public let network: NetworkID
  /// What this VR derived itself.
  public let own: TableDigest
  /// Participants that are up, this VR among them if it takes part.
  public let liveCount: Int
  /// Of these: those that agree.
  public let agreeingCount: Int
  /// In the order of their NodeIDs.
  public let laggards: [Laggard]
  /// Participants that are not up; likewise.
  public let down: [NodeID]

  public var isReached: Bool { laggards.isEmpty }
}

/// What this VR derived of a ViNe lately: tells since when somebody who announces an old table is behind.
struct TableHistory: Sendable {
  /// Versions that came to be since somebody announced one are rarely more.
  static let lengthMax = 16

  /// Digests of tables that were in use, each with the time when the next took its place; oldest first.
  private var past: [(digest: UInt64, until: Instant)] = []
  private var digest: UInt64?
  private var since = Instant.zero

  mutating func now(_ digest: UInt64, at now: Instant) {
    guard digest != self.digest else { return }
    if let old = self.digest {
      past.removeAll { $0.digest == digest }
      past.append((old, now))
      if past.count > Self.lengthMax { past.removeFirst() }
    }
    self.digest = digest
    since = now
  }

  /// Since when this VR has another table than the one announced.
  func since(_ announced: UInt64?) -> Instant { past.last { $0.digest == announced }?.until ?? since }
}

extension Router {
  /// Whether a ViNe's participants agree with the table that this VR derived; it need not take part itself.
  /// - Returns: nil for a ViNe that does not exist.
  public func agreement(on network: NetworkID) -> Agreement? {
    guard let own = directory.tables[network]?.summary else { return nil }
    var (live, laggards, down): (Int, [Agreement.Laggard], [NodeID]) = (0, [], [])
    for peer in directory.view.participants(of: network) {
      guard isLive(peer) else {
        down.append(peer)
        continue
      }
      live += 1
      if peer == node { continue }
      let announced = directory.records[peer]?.tableDigests[network]
      guard announced != own else { continue }
      laggards.append(
        Agreement.Laggard(
          node: peer, reason: reason(announced, own), version: announced?.version,
          since: tables.history[network]?.since(announced?.digest)))
    }
    return Agreement(
      network: network, own: own, liveCount: live, agreeingCount: live - laggards.count, laggards: laggards, down: down)
  }

  private func reason(_ announced: TableDigest?, _ own: TableDigest) -> Agreement.Laggard.Reason {
    guard let announced else { return .silent }
    return announced.version < own.version ? .behind : own.version < announced.version ? .ahead : .differs
  }

  private func isLive(_ peer: NodeID) -> Bool {
    guard peer != node, let state = gossip.member(peer)?.state else { return peer == node }
    return state != .dead
  }

  /// VRs that are up and that this one wants a session with and has none: its neighbours in gossip, and those behind
  /// which hosts of its ViNes are; sorted.
  public var missingSessions: [NodeID] {
    var missing: SortedMap<NodeID, Bool> = [:]
    for peer in gossip.wanted + dataPeers.prefix(Self.eagerPeersMax) where !peers.isConnected(peer) {
      if peer != node, gossip.member(peer)?.state == .alive { missing[peer] = true }
    }
    return missing.keys
  }
}
