import SwiftProtobuf
import VineBase
import VineRegistry

extension ControlMessage {
  /// - Returns: at most `WireLimits.messageByteCountMax` bytes; beyond `WireLimits.frameByteCountMax` they have to be
  ///   cut by `Reassembler.cut`. An `unknown` message has no bytes.
  public func encode() -> [UInt8] { PBControlMessage(self).written }

  /// - Throws: for bytes that no version writes. Fields of newer versions are skipped, kinds of newer versions come
  ///   out as `unknown`.
  public static func decode(_ bytes: [UInt8]) throws(WireError) -> ControlMessage {
    try PBControlMessage.read(bytes, "control message", max: WireLimits.messageByteCountMax).message()
  }
}

extension PBControlMessage {
  fileprivate init(_ message: ControlMessage) {
    switch message {
    case .gossip(let message): gossip = PBGossipMessage(message)
    case .raft(let message): raft = PBRaftMessage(message)
    case .proposal(let proposal): self.proposal = PBProposal(proposal)
    case .proposalAnswer(let id, let outcome): proposalAnswer = PBProposalAnswer(id, outcome)
    case .notLeader(let id, let leader):
      notLeader.id = .init(id.bytes)
      if let leader { notLeader.leader = .init(leader.bytes) }
    case .hello(let observed, let softwareVersion):
      if let observed { hello.observed = PBEndpoint(observed) }
      hello.softwareVersion = Field.clipped(softwareVersion, max: WireLimits.wordByteCountMax)
    case .dialBackRequest(let wanted, let nonce, let manner):
      dialBackRequest.wanted = PBEndpoint(wanted)
      dialBackRequest.nonce = .init(nonce)
      dialBackRequest.byAnother = manner == .fromOtherAddress
      dialBackRequest.vouched = manner == .vouched
    case .keepalive(let sequence, let isReply):
      keepalive.sequence = sequence
      keepalive.isReply = isReply
    case .genesisRequest: genesisRequest = PBGenesisRequest()
    case .genesis(let bytes): genesis.genesis = .init(bytes)
    case .joinRequest(let invitation, let secret, let softwareVersion):
      joinRequest.invitation = .init(invitation)
      joinRequest.secret = .init(secret)
      joinRequest.softwareVersion = Field.clipped(softwareVersion, max: WireLimits.wordByteCountMax)
    case .joinReply(let grant): joinReply = PBJoinGrant(grant)
    case .joinRefused(let reason): joinRefused.reason = Field.clipped(reason, max: WireLimits.textByteCountMax)
    case .renewRequest: renewRequest = PBRenewRequest()
    case .renewReply(let certificate): renewReply.certificate = .init(certificate)
    case .renewRefused(let reason): renewRefused.reason = Field.clipped(reason, max: WireLimits.textByteCountMax)
    case .refusal(let reason): refusal.reason = UInt32(reason)
    case .fragment(let fragment): self.fragment = PBFragment(fragment)
    case .pathProbe(let nonce, let step):
      pathProbe.nonce = nonce
      switch step {
      case .ask: break
      case .look: pathProbe.isLook = true
      case .reply(let observed):
        pathProbe.isReply = true
        pathProbe.observed = PBEndpoint(observed)
      }
    case .pathOffer(let endpoints):
      pathOffer.endpoints = endpoints.prefix(WireLimits.endpointCountMax).map(PBEndpoint.init)
    case .trainRequest(let id, let packets, let isWanted):
      trainRequest.id = id
      trainRequest.packets = packets
      trainRequest.isWanted = isWanted
    case .trainReady(let id): trainReady.id = id
    case .trainResult(let id, let rate, let received, let sent, let confidence):
      trainResult.id = id
      trainResult.rate = rate.map { UInt64(max($0.bitsPerSecond, 0)) } ?? 0
      trainResult.received = received
      trainResult.sent = sent
      trainResult.confidence = UInt32(confidence)
    case .sizeProbe(let id, let padding):
      sizeProbe.id = id
      sizeProbe.padding = .init(repeating: 0, count: padding)
    case .sizeReply(let id): sizeReply.id = id
    case .explainRequest(let id, let network, let source, let destination):
      explainRequest.id = id
      explainRequest.network = network.rawValue
      explainRequest.source = source.rawValue
      explainRequest.destination = destination.rawValue
    case .explainReply(let id, let reason, let version):
      explainReply.id = id
      explainReply.reason = Field.clipped(reason ?? "", max: WireLimits.wordByteCountMax)
      explainReply.decision = version?.decision ?? 0
      explainReply.changes = version?.changes ?? 0
    case .unknown: break
    }
  }

  fileprivate func message() throws(WireError) -> ControlMessage {
    switch kind {
    case nil: .unknown(try unknownKind())
    case .gossip(let wire)?: .gossip(try wire.message())
    case .raft(let wire)?: .raft(try wire.message())
    case .proposal(let wire)?: .proposal(try wire.proposal())
    case .proposalAnswer(let wire)?: try wire.message()
    case .notLeader(let wire)?:
      .notLeader(
        try proposalID(wire.id), leader: wire.hasLeader ? try Field.node(wire.leader, "leader") : nil)
    case .hello(let wire)?:
      .hello(
        observed: wire.hasObserved ? try wire.observed.endpoint() : nil,
        softwareVersion: try Field.text(wire.softwareVersion, max: WireLimits.wordByteCountMax, "software version"))
    case .dialBackRequest(let wire)?:
      .dialBackRequest(
        wanted: try wire.wanted.endpoint(), nonce: try Field.bytes(wire.nonce, count: 16, "nonce"),
        wire.vouched ? .vouched : wire.byAnother ? .fromOtherAddress : .fromOtherPort)
    case .keepalive(let wire)?: .keepalive(sequence: wire.sequence, isReply: wire.isReply)
    case .genesisRequest?: .genesisRequest
    case .genesis(let wire)?:
      .genesis(try Field.bytes(wire.genesis, max: WireLimits.certificateByteCountMax, "genesis"))
    case .joinRequest(let wire)?:
      .joinRequest(
        invitation: try Field.bytes(wire.invitation, count: UniqueID.byteCount, "invitation"),
        secret: try Field.bytes(wire.secret, count: 32, "secret"),
        softwareVersion: try Field.text(wire.softwareVersion, max: WireLimits.wordByteCountMax, "software version"))
    case .joinReply(let wire)?: .joinReply(try wire.grant())
    case .joinRefused(let wire)?:
      .joinRefused(try Field.text(wire.reason, max: WireLimits.textByteCountMax, "reason"))
    case .renewRequest?: .renewRequest
    case .renewReply(let wire)?:
      .renewReply(try Field.bytes(wire.certificate, max: WireLimits.certificateByteCountMax, "certificate"))
    case .renewRefused(let wire)?:
      .renewRefused(try Field.text(wire.reason, max: WireLimits.textByteCountMax, "reason"))
    case .refusal(let wire)?:
      .refusal(try refusalReason(wire.reason))
    case .fragment(let wire)?: .fragment(try wire.fragment())
    case .pathProbe(let wire)?:
      .pathProbe(
        nonce: wire.nonce,
        wire.isReply ? .reply(observed: try wire.observed.endpoint()) : wire.isLook ? .look : .ask)
    case .pathOffer(let wire)?:
      .pathOffer(
        try Field.count(wire.endpoints, max: WireLimits.endpointCountMax, "endpoints")
          .converted { (wire) throws(WireError) in try wire.endpoint() })
    case .trainRequest(let wire)?:
      .trainRequest(
        id: wire.id, packets: try trainPackets(wire.packets), isWanted: wire.isWanted)
    case .trainReady(let wire)?: .trainReady(id: wire.id)
    case .trainResult(let wire)?: try wire.message()
    case .sizeProbe(let wire)?:
      .sizeProbe(
        id: wire.id, padding: try Field.bytes(wire.padding, max: WireLimits.paddingByteCountMax, "padding").count)
    case .sizeReply(let wire)?: .sizeReply(id: wire.id)
    case .explainRequest(let wire)?:
      .explainRequest(
        id: wire.id, NetworkID(rawValue: wire.network), source: IPv4Address(rawValue: wire.source),
        destination: IPv4Address(rawValue: wire.destination))
    case .explainReply(let wire)?: try wire.message()
    }
  }

  /// The number of the first field, which this version does not know.
  private func unknownKind() throws(WireError) -> UInt32 {
    var tag: UInt64 = 0
    for (position, byte) in unknownFields.data.prefix(5).enumerated() {
      tag |= UInt64(byte & 0x7F) << (7 * UInt64(position))
      if byte < 0x80 { return UInt32(truncatingIfNeeded: tag >> 3) }
    }
    throw .missing("kind of the control message")
  }

  private func refusalReason(_ reason: UInt32) throws(WireError) -> UInt8 {
    guard let reason = UInt8(exactly: reason) else { throw .invalid("refusal reason") }
    return reason
  }
}

extension PBTrainResult {
  fileprivate func message() throws(WireError) -> ControlMessage {
    guard let confidence = UInt8(exactly: confidence), confidence <= 100 else { throw .invalid("confidence") }
    guard rate <= WireLimits.counterMax else { throw .invalid("rate of a train") }
    return .trainResult(
      id: id, rate: rate == 0 ? nil : BitRate(bitsPerSecond: Int64(rate)), received: try trainPackets(received),
      sent: try trainPackets(sent), confidence: confidence)
  }
}

extension PBExplainReply {
  fileprivate func message() throws(WireError) -> ControlMessage {
    let reason = try Field.text(self.reason, max: WireLimits.wordByteCountMax, "reason")
    return .explainReply(
      id: id, reason: reason.isEmpty ? nil : reason,
      version: decision == 0 ? nil : TableVersion(decision: decision, changes: changes))
  }
}

private func trainPackets(_ count: UInt32) throws(WireError) -> UInt32 {
  guard count <= WireLimits.trainPacketCountMax else { throw .invalid("length of a train") }
  return count
}

extension PBProposalAnswer {
  fileprivate init(_ id: ProposalID, _ outcome: Result<RegistryAnswer, RegistryRefusal>) {
    self.id = .init(id.bytes)
    switch outcome {
    case .success(let answer): self.answer = PBRegistryAnswer(answer)
    case .failure(let refusal): self.refusal = PBRegistryRefusal(refusal)
    }
  }

  fileprivate func message() throws(WireError) -> ControlMessage {
    switch outcome {
    case nil: throw .missing("outcome of the proposal")
    case .answer(let wire)?: .proposalAnswer(try proposalID(id), .success(try wire.answer()))
    case .refusal(let wire)?: .proposalAnswer(try proposalID(id), .failure(try wire.refusal()))
    }
  }
}

extension PBJoinGrant {
  fileprivate init(_ grant: JoinGrant) {
    certificate = .init(grant.certificate)
    genesis = .init(grant.genesis)
    facts = grant.facts.prefix(WireLimits.grantRecordCountMax).map(PBSignedRecord.init)
    endpoints = grant.endpoints.prefix(WireLimits.endpointCountMax).map(PBEndpoint.init)
  }

  fileprivate func grant() throws(WireError) -> JoinGrant {
    JoinGrant(
      certificate: try Field.bytes(certificate, max: WireLimits.certificateByteCountMax, "certificate"),
      genesis: try Field.bytes(genesis, max: WireLimits.certificateByteCountMax, "genesis"),
      facts: try Field.count(facts, max: WireLimits.grantRecordCountMax, "records")
        .converted { (wire) throws(WireError) in try wire.record() },
      endpoints: try Field.count(endpoints, max: WireLimits.endpointCountMax, "endpoints")
        .converted { (wire) throws(WireError) in try wire.endpoint() })
  }
}

private func proposalID(_ bytes: some Collection<UInt8>) throws(WireError) -> ProposalID {
  guard let id = ProposalID(bytes) else { throw .invalid("proposal identifier") }
  return id
}
