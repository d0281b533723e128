import VineBase
import VineGossip
import VineRaft
import VineRegistry

/// What VRs say to one another: the plaintext of a control frame.
public enum ControlMessage: Hashable, Sendable {
  case gossip(GossipMessage)
  case raft(RaftMessage)
  /// For a voter, which has it ordered.
  case proposal(Proposal)
  case proposalAnswer(ProposalID, Result<RegistryAnswer, RegistryRefusal>)
  /// The proposal was not taken: ask `leader`, or again later.
  case notLeader(ProposalID, leader: NodeID?)
  /// First on every session. The sender sees the receiver as `observed`.
  case hello(observed: Endpoint?, softwareVersion: String)
  /// Please send a probe with this nonce to `wanted`.
  case dialBackRequest(wanted: Endpoint, nonce: [UInt8], DialBackManner)
  case keepalive(sequence: UInt32, isReply: Bool)
  /// A guest asks for the genesis, to check it against its token before it shows the secret.
  case genesisRequest
  case genesis([UInt8])
  /// A guest asks to be admitted.
  case joinRequest(invitation: [UInt8], secret: [UInt8], softwareVersion: String)
  case joinReply(JoinGrant)
  /// One line for people.
  case joinRefused(String)
  /// Please renew my certificate: for a VR that holds the authority's key.
  case renewRequest
  /// DER.
  case renewReply([UInt8])
  /// One line for people.
  case renewRefused(String)
  /// `RefusalReason` of VineSession.
  case refusal(UInt8)
  /// A piece of a message that does not fit one frame; `Reassembler` puts them together.
  case fragment(Fragment)
  case pathProbe(nonce: UInt64, PathProbeStep)
  /// The sender may be reached there: knock, and it knocks, too.
  case pathOffer([Endpoint])
  /// A train of frames is to measure the way between two VRs. - `isWanted`: the receiver shall send it.
  case trainRequest(id: UInt64, packets: UInt32, isWanted: Bool)
  case trainReady(id: UInt64)
  /// What a train said. - `rate`: nil if too little arrived. `confidence`: per cent.
  case trainResult(id: UInt64, rate: BitRate?, received: UInt32, sent: UInt32, confidence: UInt8)
  /// Says by its length that packets so long arrive. - `padding`: zeros.
  case sizeProbe(id: UInt64, padding: Int)
  case sizeReply(id: UInt64)
  /// What would the receiver do with a packet of the sender's host in this ViNe?
  case explainRequest(id: UInt64, NetworkID, source: IPv4Address, destination: IPv4Address)
  /// - `reason`: name of the drop reason; nil: its host gets the packet. `version`: of the receiver's GNDT, if it has one.
  case explainReply(id: UInt64, reason: String?, version: TableVersion?)
  /// A kind of a newer version, by its field number: to be ignored.
  case unknown(UInt32)
}

extension ControlMessage {
  /// A probe that is `byteCount` bytes when it is encoded, or as short as it can be.
  public static func sizeProbe(id: UInt64, byteCount: Int) -> ControlMessage {
    // As long as the padding has 128 bytes or more its length field has two.
    let least = ControlMessage.sizeProbe(id: id, padding: 128).encode().count - 128
    return .sizeProbe(id: id, padding: max(byteCount - least, 0))
  }
}

/// What a path probe is.
public enum PathProbeStep: Hashable, Sendable {
  /// Does this endpoint lead to you?
  case ask
  /// How do you see me?
  case look
  /// From where the probe went: it came from `observed`.
  case reply(observed: Endpoint)
}

/// Who is to answer a dial-back, which tells how a NAT filters (RFC 4787, 5).
public enum DialBackManner: UInt8, CaseIterable, Hashable, Sendable {
  /// The one who is asked, from a port that the asker has not written to.
  case fromOtherPort
  /// Another public VR, from an address that the asker has not written to.
  case fromOtherAddress
  /// A VR that was asked so passes it on: it saw the asker at the wanted address.
  case vouched
}

/// What an admitted VR starts with.
public struct JoinGrant: Hashable, Sendable {
  /// DER.
  public let certificate: [UInt8]
  public let genesis: [UInt8]
  /// Records that it needs to find its place; more than `WireLimits.grantRecordCountMax` are not sent.
  public let facts: [SignedRecord]
  /// Where the granting VR is reached.
  public let endpoints: [Endpoint]

  public init(certificate: [UInt8], genesis: [UInt8], facts: [SignedRecord], endpoints: [Endpoint]) {
    (self.certificate, self.genesis, self.facts, self.endpoints) = (certificate, genesis, facts, endpoints)
  }
}
