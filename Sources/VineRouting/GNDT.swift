import VineAddress
import VineBase

/// Global Network Description Table of one ViNe: which VR a range of addresses is behind (paper 3.5). Derived
/// on every VR from what consensus and the owners say; never edited.
///
/// An entry exists only where both halves agree: the block is the VR's (consensus) and the VR says that the address
/// takes part (its own record). Network, gateway and broadcast addresses are never in it. The registry's blocks do not
/// overlap; should the facts and records that arrived so far give an address to two participants, it is nobody's.
///
/// A participant's change costs by its own ranges, however large the table is; what comes of a set of participants does
/// not depend on the order in which they came.
public struct GNDT: Sendable {
  /// A participant's part: what of its claim lies in its blocks, and how often it says that it changed it.
  private struct Part: Sendable {
    let addresses: AddressSet
    let changes: UInt64
  }

  public let network: NetworkID
  private var parts: SortedMap<NodeID, Part> = [:]
  private var claims = RangeClaims()
  private var decision: UInt64
  private var changes: UInt64 = 0

  /// - Parameter decision: log index of the last decision on who takes part.
  public init(network: NetworkID, decision: UInt64) {
    self.network = network
    self.decision = decision
  }

  // MARK: Changes

  /// What of a VR's claim lies in its blocks, where hosts can be.
  public static func part(of claim: AddressSet, in blocks: [Block]) -> AddressSet {
    let hosts = AddressSet(blocks.compactMap(\.hostRange))
    let part = claim.intersection(hosts)
    // Mostly equal, and then they share their memory.
    return part == claim ? claim : part
  }

  /// A participant's part is `addresses`, which are in its blocks; `count` is how often it says that it changed it.
  public mutating func set(_ addresses: AddressSet, changes count: UInt64, of participant: NodeID) {
    let known = parts[participant]
    guard known?.addresses != addresses || known?.changes != count else { return }
    claims.replace(known?.addresses ?? AddressSet(), by: addresses, of: participant)
    parts[participant] = Part(addresses: addresses, changes: count)
    changes = changes &- (known?.changes ?? 0) &+ count
  }

  /// A VR takes no part any more.
  public mutating func remove(_ participant: NodeID) {
    guard let known = parts.removeValue(forKey: participant) else { return }
    claims.replace(known.addresses, by: AddressSet(), of: participant)
    changes &-= known.changes
  }

  /// Consensus decided on who takes part.
  public mutating func decided(_ index: UInt64) { decision = max(decision, index) }

  // MARK: What came of it

  /// Sorted, disjoint.
  public var entries: [RangeClaims.Entry] { claims.entries }
  public var entryCount: Int { claims.count }
  public var participantCount: Int { parts.count }
  /// Also those without an address in it; sorted.
  public var participants: [NodeID] { parts.keys }
  /// Addresses that two participants say are theirs, and that are therefore nobody's.
  public var disputed: AddressSet { claims.disputed }

  public func owner(of address: IPv4Address) -> NodeID? { claims.owner(of: address) }

  /// Equal for equal tables of one ViNe.
  public var digest: UInt64 { (claims.digest &+ UInt64(network.rawValue)).mixed }

  public var version: TableVersion { TableVersion(decision: decision, changes: changes) }

  public var summary: TableDigest { TableDigest(version: version, digest: digest) }
}
