import SwiftProtobuf
import VineAddress
import VineBase
import VinePath

/// What a VR says about itself: the payload of its signed record.
public struct VRRecord: Hashable, Sendable {
  public let site: String
  public let role: Role
  /// Where it is reached, best first; more than `WireLimits.endpointCountMax` are not sent.
  public let endpoints: [Endpoint]
  /// Who holds a channel to it, if it is limited.
  public let queueVR: NodeID?
  /// Which of its addresses take part in which ViNe: its half of the GNDTs.
  public let participation: SortedMap<NetworkID, AddressSet>
  /// Digests of the GNDTs that it uses, so that operators see agreement.
  public let tableDigests: SortedMap<NetworkID, UInt64>
  public let softwareVersion: String
  public let certificateExpires: WallTime

  public init(
    site: String, role: Role, endpoints: [Endpoint], queueVR: NodeID?,
    participation: SortedMap<NetworkID, AddressSet>, tableDigests: SortedMap<NetworkID, UInt64>,
    softwareVersion: String, certificateExpires: WallTime
  ) {
    self.site = site
    self.role = role
    self.endpoints = endpoints
    self.queueVR = queueVR
    self.participation = participation
    self.tableDigests = tableDigests
    self.softwareVersion = softwareVersion
    self.certificateExpires = certificateExpires
  }

  /// - Returns: the payload. Texts and endpoints beyond their limits are left out. A payload of more than 900 bytes,
  ///   about sixty separate ranges of participating addresses, is refused by gossip and by `decode`.
  public func encode() -> [UInt8] {
    var wire = PBVRRecord()
    wire.site = Field.clipped(site, max: WireLimits.nameByteCountMax)
    wire.role = UInt32(role.rawValue)
    wire.endpoints = endpoints.prefix(WireLimits.endpointCountMax).map(PBEndpoint.init)
    if let queueVR { wire.queueVr = .init(queueVR.bytes) }
    wire.participation = participation.map { network, addresses in
      var part = PBParticipation()
      part.network = network.rawValue
      part.ranges = addresses.ranges.map(PBAddressRange.init)
      return part
    }
    wire.tableDigests = tableDigests.map { network, digest in
      var part = PBTableDigest()
      part.network = network.rawValue
      part.digest = digest
      return part
    }
    wire.softwareVersion = Field.clipped(softwareVersion, max: WireLimits.wordByteCountMax)
    wire.certificateExpires = certificateExpires.secondsSince1970
    return wire.written
  }

  /// - Throws: for anything that `encode` cannot have written; fields of newer versions are skipped.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> VRRecord {
    let wire = try PBVRRecord.read(bytes, "VR record", max: WireLimits.payloadByteCountMax)
    guard let role = UInt8(exactly: wire.role).flatMap(Role.init) else { throw .invalid("role") }
    var participation = SortedMap<NetworkID, AddressSet>()
    for part in wire.participation {
      let network = NetworkID(rawValue: part.network)
      if let last = participation.keys.last, last >= network { throw .invalid("order of ViNes") }
      participation[network] = try AddressSet(wire: part.ranges)
    }
    var tableDigests = SortedMap<NetworkID, UInt64>()
    for part in wire.tableDigests {
      let network = NetworkID(rawValue: part.network)
      if let last = tableDigests.keys.last, last >= network { throw .invalid("order of digests") }
      tableDigests[network] = part.digest
    }
    return VRRecord(
      site: try Field.text(wire.site, max: WireLimits.nameByteCountMax, "site"), role: role,
      endpoints: try Field.count(wire.endpoints, max: WireLimits.endpointCountMax, "endpoints")
        .converted { (wire) throws(WireError) in try wire.endpoint() },
      queueVR: wire.hasQueueVr ? try Field.node(wire.queueVr, "queue-VR") : nil, participation: participation,
      tableDigests: tableDigests,
      softwareVersion: try Field.text(wire.softwareVersion, max: WireLimits.wordByteCountMax, "software version"),
      certificateExpires: try Field.time(wire.certificateExpires, "certificate expiry"))
  }
}
