import VineBase
import VineGossip

extension PBGossipMessage {
  init(_ message: GossipMessage) {
    switch message {
    case .ping(let sequence, let target, let updates): ping = PBPing(sequence, target, updates)
    case .ack(let sequence, let updates):
      ack.sequence = sequence
      ack.updates = updates.map(PBMemberUpdate.init)
    case .pingRequest(let sequence, let target, let updates): pingRequest = PBPing(sequence, target, updates)
    case .push(let records): push.records = records.map(PBSignedRecord.init)
    case .digest(let first, let last, let records):
      digest.records = records.map(PBRecordDigest.init)
      if let first { digest.first = PBRecordKey(first) }
      if let last { digest.last = PBRecordKey(last) }
    case .pull(let keys): pull.keys = keys.map(PBRecordKey.init)
    case .root(let hash, let count):
      root.hash = hash
      root.count = count
    }
  }

  func message() throws(WireError) -> GossipMessage {
    switch kind {
    case nil: throw .missing("gossip message")
    case .ping(let wire)?:
      .ping(sequence: wire.sequence, target: try Field.node(wire.target, "target"), updates: try members(wire.updates))
    case .ack(let wire)?: .ack(sequence: wire.sequence, updates: try members(wire.updates))
    case .pingRequest(let wire)?:
      .pingRequest(
        sequence: wire.sequence, target: try Field.node(wire.target, "target"), updates: try members(wire.updates))
    case .push(let wire)?: .push(try wire.records.converted { (wire) throws(WireError) in try wire.record() })
    case .digest(let wire)?:
      .digest(
        first: wire.hasFirst ? try wire.first.key() : nil, last: wire.hasLast ? try wire.last.key() : nil,
        records: try wire.records.converted { (wire) throws(WireError) in try wire.digest() })
    case .pull(let wire)?: .pull(try wire.keys.converted { (wire) throws(WireError) in try wire.key() })
    case .root(let wire)?: .root(hash: wire.hash, count: wire.count)
    }
  }

  private func members(_ wire: [PBMemberUpdate]) throws(WireError) -> [MemberUpdate] {
    try wire.converted { (wire) throws(WireError) in try wire.update() }
  }
}

extension PBPing {
  fileprivate init(_ sequence: UInt32, _ target: NodeID, _ updates: [MemberUpdate]) {
    self.sequence = sequence
    self.target = .init(target.bytes)
    self.updates = updates.map(PBMemberUpdate.init)
  }
}

extension PBMemberUpdate {
  fileprivate init(_ update: MemberUpdate) {
    node = .init(update.node.bytes)
    state = UInt32(update.state.rawValue)
    incarnation = update.incarnation
  }

  fileprivate func update() throws(WireError) -> MemberUpdate {
    guard let state = UInt8(exactly: state).flatMap(MemberState.init) else { throw .invalid("member state") }
    return MemberUpdate(
      node: try Field.node(node, "member"), state: state,
      incarnation: try Field.counter(incarnation, "incarnation"))
  }
}

extension PBRecordDigest {
  fileprivate init(_ digest: RecordDigest) {
    key = PBRecordKey(digest.key)
    epoch = digest.version.epoch
    sequence = digest.version.sequence
  }

  fileprivate func digest() throws(WireError) -> RecordDigest {
    RecordDigest(key: try key.key(), version: try recordVersion(epoch, sequence))
  }
}
