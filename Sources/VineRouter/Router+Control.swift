import VineBase
import VineGossip
import VinePath
import VineRegistry
import VineSession
import VineWire

/// Control messages: from the wire to the core that owns them, and back.
extension Router {
  /// A control message of at most this many bytes goes in one frame; a larger one is cut.
  static let controlByteCountMax = 1100

  mutating func received(
    control bytes: [UInt8], from peer: NodeID, via carrier: Carrier, on index: UInt32, _ turn: inout Turn
  ) {
    do throws(WireError) {
      let message = try ControlMessage.decode(bytes)
      // A probe tries a way; it does not say that it is the one to take.
      if case .pathProbe(let nonce, let step) = message {
        return probed(nonce, step, from: peer, via: carrier, &turn)
      }
      if isStraight(message, from: peer, via: carrier) {
        peers.heardBeside(peer, at: turn.now)
      } else {
        heard(peer, via: carrier, &turn)
      }
      if case .fragment(let fragment) = message {
        guard let whole = reassembly.add(fragment, from: peer, at: turn.now) else { return }
        received(try ControlMessage.decode(whole), from: peer, via: carrier, &turn)
      } else {
        received(message, from: peer, via: carrier, &turn)
      }
    } catch {
      turn.report(.undecodable(from: peer, error.description))
    }
  }

  private mutating func heard(_ peer: NodeID, via carrier: Carrier, _ turn: inout Turn) {
    if peers.heard(peer, via: carrier, at: turn.now) {
      turn.pathsChanged = true
      // It comes from elsewhere: its NAT has another mapping, which only others can tell it.
      if peers.isConnected(peer) { send(hello(over: carrier), to: peer, &turn) }
    }
    if case .channel(let channel) = carrier { run(owning: channel, .heard(channel), &turn) }
  }

  private mutating func received(
    _ message: ControlMessage, from peer: NodeID, via carrier: Carrier, _ turn: inout Turn
  ) {
    guard peers.isConnected(peer) else {
      receivedFromGuest(message, from: peer, &turn)
      return
    }
    switch message {
    case .gossip(let gossipMessage):
      run(gossip: .received(checked(gossipMessage, from: peer, &turn), from: peer), &turn)
    case .raft(let raftMessage): run(registrar.received(raftMessage, from: peer, at: turn.now), &turn)
    case .proposal(let proposal): received(proposal, from: peer, via: carrier, &turn)
    case .proposalAnswer(let id, let answer): run(registrar.received(answer: answer, to: id, from: peer), &turn)
    case .notLeader(let id, let leader):
      run(registrar.received(notLeader: id, leader: leader, from: peer, at: turn.now), &turn)
    case .hello(let observed, _):
      if let observed { run(reachability: .observed(observed, by: peer), &turn) }
    case .dialBackRequest(let wanted, let nonce, let manner):
      dialBackRequested(by: peer, wanted, nonce, manner, via: carrier, &turn)
    case .pathOffer(let endpoints): run(paths: .offered(by: peer, endpoints), &turn)
    case .trainRequest(let id, let packets, let isWanted):
      guard case .datagram(let from) = carrier else { return }
      run(links: .requested(id, by: peer, from: from, packets: Int(packets), isWanted: isWanted), &turn)
    case .trainReady(let id): run(links: .ready(id, by: peer), &turn)
    case .trainResult(let id, let rate, let received, let sent, let confidence):
      let reading = rate.map { TrainReading(rate: $0, confidence: confidence) }
      run(
        links: .result(id, by: peer, .init(reading: reading, received: Int(received), sent: Int(sent))), &turn)
    case .sizeProbe(let id, _): send(.sizeReply(id: id), to: peer, via: carrier, &turn)
    case .sizeReply(let id): run(mtu: .answered(peer, id: id), &turn)
    case .explainRequest(let id, let network, let source, let destination):
      explainRequested(id, network, source, destination, by: peer, &turn)
    case .explainReply(let id, let reason, let version): explained(id, reason, version, by: peer, &turn)
    case .keepalive(let sequence, let isReply):
      guard !isReply else {
        // Those over a channel are the keepers' own.
        if sequence == 0 { peers.answered(peer, at: turn.now) }
        return
      }
      // A channel's keeper asks whether the channel works, whichever way frames to its VR go otherwise.
      let asksForChannel = sequence != 0
      send(.keepalive(sequence: sequence, isReply: true), to: peer, via: asksForChannel ? carrier : nil, &turn)
      send(hello(over: carrier), to: peer, &turn)
    case .renewRequest: renew(peer, &turn)
    case .renewReply(let der):
      if renewal.asked == peer { renewed(der, &turn) }
    case .renewRefused(let why):
      if renewal.asked == peer { renewalFailed(why, &turn) }
    // For guests, for joiners, or of a newer version.
    case .genesisRequest, .genesis, .joinRequest, .joinReply, .joinRefused, .refusal, .fragment, .pathProbe,
      .unknown:
      break
    }
  }

  /// The message with those of its records that are news and authentic. Signatures cost more than all else, so what is
  /// known already is not checked again.
  private func checked(_ message: GossipMessage, from peer: NodeID, _ turn: inout Turn) -> GossipMessage {
    guard case .push(let records) = message else { return message }
    let news = records.filter(gossip.store.isNews)
    let believed = news.filter { record in
      // Who writes what this version cannot read must at least be somebody.
      trust.isAuthentic(record, knowing: directory.view)
        && (record.key.kind.isKnown || directory.view.sites[record.author] != nil)
    }
    if believed.count < news.count { turn.report(.recordsRefused(news.count - believed.count, from: peer)) }
    return .push(believed.map(authenticator.checks.kept))
  }

  /// - Parameter via: this once, instead of the peer's path; only for messages that fit one frame.
  mutating func send(_ message: ControlMessage, to peer: NodeID, via carrier: Carrier? = nil, _ turn: inout Turn) {
    let bytes = message.encode()
    guard bytes.count > Self.controlByteCountMax else {
      turn.emit(.control(bytes, to: peer, via: carrier))
      return
    }
    for fragment in Reassembler.cut(bytes, id: UInt32(truncatingIfNeeded: random.next())) {
      turn.emit(.control(ControlMessage.fragment(fragment).encode(), to: peer))
    }
  }

  // MARK: Cores

  mutating func run(gossip input: Gossip.Input, _ turn: inout Turn) {
    for effect in gossip.handle(input, at: turn.now) {
      switch effect {
      case .send(let message, let peer): send(.gossip(message), to: peer, &turn)
      case .accepted(let record):
        turn.records.append(record)
        if record.key.kind == .vr { turn.report(.recordAccepted(record.author, record.version)) }
        absorb(record, &turn)
      case .contact(let peer): if peers.mayTry(peer, at: turn.now) { connect(to: peer, &turn) }
      case .probed(let peer, let roundTrip): peers.probed(peer, roundTrip: roundTrip, at: turn.now)
      case .member(let member):
        turn.emit(.persistVerdict(member.node, isDead: member.state == .dead))
        turn.report(.memberChanged(member.node, site: directory.name(of: member.node), member.state))
      case .incarnation(let incarnation):
        turn.emit(.persistIncarnation(incarnation))
        own.version = RecordVersion(epoch: incarnation, sequence: 0)
        turn.ownRecordChanged = true
        own.content = nil
      }
    }
  }

  mutating func run(_ effects: [Registrar.Effect], _ turn: inout Turn) {
    for effect in effects {
      switch effect {
      case .persist(let write): turn.emit(.persistLog(write))
      case .send(let message, let peer):
        // The message is sent again by whoever wants it answered; the session comes up meanwhile.
        if !peers.isConnected(peer), peers.mayTry(peer, at: turn.now) { connect(to: peer, &turn) }
        send(message, to: peer, &turn)
        sendStraight(message, to: peer, &turn)
      case .facts(let facts):
        for fact in facts { attest(fact, &turn) }
      case .groupChanged: (turn.pathsChanged, turn.ownRecordChanged) = (true, true)
      case .persistLedger(let ledger): turn.emit(.persistLedger(ledger))
      case .persistGrant(let grant): turn.emit(.persistGrant(grant))
      case .notRatified(let grant, let why):
        turn.report(.grantRefused(grant.grantee, grant.block.block, why.description))
      case .forgetGroup(let epoch): turn.emit(.forgetGroup(epoch))
      case .faulty(let why): turn.report(.voterStopped(why))
      case .answered(let id, let outcome): answered(id, outcome, &turn)
      }
    }
  }

  /// Gives this voter's word on a fact, if no other's came before.
  private mutating func attest(_ fact: RegistryFact, _ turn: inout Turn) {
    let record = RecordTrust.attest(fact, by: identity.key)
    if gossip.store.isNews(record) { run(gossip: .publish(record), &turn) }
  }

  mutating func absorb(_ record: SignedRecord, _ turn: inout Turn) {
    let wasStoodInFor = isStoodInFor
    defer {
      // Hosts are to come back here.
      if wasStoodInFor, !isStoodInFor { turn.emit(.announceGateways(tables.part?.blocks ?? [])) }
    }
    switch directory.absorb(record, reading: trust.content) {
    case .fact(let key):
      factLearned(key, &turn)
      tell(record, on: key, &turn)
    case .record(let peer):
      turn.tablesChanged = true
      if peers.isConnected(peer) { turn.pathsChanged = true }
      if directory.records[peer]?.ledTerm != nil || peer == registrar.proposals.leader { learnLeader() }
      noteQueueVR(of: peer, at: turn.now)
      run(gossip: .reach(peer, isPublic: directory.records[peer]?.role == .public), &turn)
    case .unreadable: break
    }
  }

  private mutating func factLearned(_ key: FactKey, _ turn: inout Turn) {
    turn.tablesChanged = true
    switch key {
    case .site(node): turn.ownRecordChanged = true
    case .block(let block), .scopedBlock(_, let block):
      if let held = key.holding, directory.view.owner(of: held) == node { turn.report(.blockOwned(block)) }
    case .revocation(let peer):
      turn.pathsChanged = true
      authenticator.revoked.insert(peer)
      noteQueueVR(of: peer, at: turn.now)
      if peer != node {
        forget(peer, &turn)
        run(gossip: .removed(peer), &turn)
      }
    case .voter:
      learnVoters()
      learnLeader()
    case .mesh: epochLearned(&turn)
    case .participation(_, let peer):
      if peer != node, peers.isConnected(peer) { tellHosts(to: peer, &turn) }
    case .site, .vine, .reserve, .quarantine: break
    }
  }
}
