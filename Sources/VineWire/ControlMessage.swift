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
  case dialBackRequest(wanted: Endpoint, nonce: [UInt8])
  case keepalive(sequence: UInt32, isReply: Bool)
  /// A guest asks for the genesis, to check it against its token before it shows the secret.
  case genesisRequest
  case genesis([UInt8])
  /// A guest asks to be admitted.
  case joinRequest(invitation: [UInt8], secret: [UInt8], softwareVersion: String)
  case joinReply(JoinGrant)
  /// One line for people.
  case joinRefused(String)
  /// `RefusalReason` of VineSession.
  case refusal(UInt8)
  /// A piece of a message that does not fit one frame; `Reassembler` puts them together.
  case fragment(Fragment)
  /// A kind of a newer version, by its field number: to be ignored.
  case unknown(UInt32)
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
