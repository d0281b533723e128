import VineAddress
import VineBase

/// Global Network Description Table of one ViNe: which VR a range of addresses is behind (paper 3.5). Derived
/// on every VR from what consensus and the owners say; never edited.
public struct GNDT: Sendable {
  public let network: NetworkID
  /// Sorted, disjoint.
  public let ranges: RangeMap<NodeID>
  /// Equal tables have equal digests (FNV-1a over the sorted entries).
  public let digest: UInt64

  /// An entry exists only where both halves agree: the block is the VR's (consensus) and the VR says that the
  /// address takes part (its own record). Network, gateway and broadcast addresses are never in it.
  ///
  /// - Parameters:
  ///   - participants: VRs whose sites take part in the ViNe.
  ///   - claims: the addresses that each VR says are in it.
  public static func derive(
    network: NetworkID, blocks: SortedMap<Block, NodeID>, participants: [NodeID],
    claims: SortedMap<NodeID, AddressSet>
  ) -> GNDT {
    let taking = Set(participants)
    var pairs: [(AddressRange, NodeID)] = []
    for (block, owner) in blocks where taking.contains(owner) {
      guard let claim = claims[owner], let hosts = block.hostRange else { continue }
      pairs += claim.intersection(AddressSet([hosts])).ranges.map { ($0, owner) }
    }
    // The registry's blocks do not overlap. Should facts that arrived so far say otherwise, nobody is believed.
    let ranges = RangeMap(pairs) ?? RangeMap()
    return GNDT(network: network, ranges: ranges, digest: Self.digest(network, ranges))
  }

  private static func digest(_ network: NetworkID, _ ranges: RangeMap<NodeID>) -> UInt64 {
    var writer = ByteWriter(capacity: 4 + ranges.entries.count * 40)
    writer.integer(network.rawValue)
    for entry in ranges.entries {
      writer.integer(entry.range.first.rawValue)
      writer.integer(entry.range.last.rawValue)
      writer.append(entry.value.bytes)
    }
    return FNV1a.hash(writer.bytes)
  }
}
