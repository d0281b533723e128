import VineBase
import VineGossip

extension PBGossipMessage {
  init(_ message: GossipMessage) {
    switch message {
    case .ping(let sequence, let root, let rumours):
      ping.sequence = sequence
      ping.root = root
      if !rumours.isEmpty { ping.rumours = rumours.map(PBRumour.init) }
    case .ack(let sequence, let root):
      ack.sequence = sequence
      if let root { ack.root = root }
    case .nack(let sequence): nack.sequence = sequence
    case .pingRequest(let sequence, let target):
      pingRequest.sequence = sequence
      pingRequest.target = target.rawValue
    case .rumours(let rumours): self.rumours.rumours = rumours.map(PBRumour.init)
    case .push(let records): push.records = records.map(PBSignedRecord.init)
    case .announce(let digests): announce.records = digests.map(PBRecordDigest.init)
    case .pull(let places): pull.places = places.map(\.rawValue)
    case .compare(let branches, let count):
      compare.branches = branches.map(PBBranchHash.init)
      compare.count = count
    case .differences(let differences, let count):
      self.differences.differences = differences.map(PBDifference.init)
      self.differences.count = count
    }
  }

  func message() throws(WireError) -> GossipMessage {
    switch kind {
    case nil: throw .missing("gossip message")
    case .ping(let wire)?: .ping(sequence: wire.sequence, root: wire.root, try rumours(wire.rumours))
    case .ack(let wire)?: .ack(sequence: wire.sequence, root: wire.hasRoot ? wire.root : nil)
    case .nack(let wire)?: .nack(sequence: wire.sequence)
    case .pingRequest(let wire)?:
      .pingRequest(sequence: wire.sequence, target: RecordPlace(rawValue: wire.target))
    case .rumours(let wire)?: .rumours(try rumours(wire.rumours))
    // A record that no version writes is left out: it must not cost the others in its message.
    case .push(let wire)?: .push(wire.records.compactMap { try? $0.record() })
    case .announce(let wire)?: .announce(try digests(wire.records))
    case .pull(let wire)?: .pull(wire.places.map(RecordPlace.init))
    case .compare(let wire)?:
      .compare(
        try wire.branches.converted { (wire) throws(WireError) in
          BranchHash(branch: try branch(wire.depth, wire.digits), hash: wire.hash)
        }, count: wire.count)
    case .differences(let wire)?:
      .differences(
        try wire.differences.converted { (wire) throws(WireError) in try wire.difference() }, count: wire.count)
    }
  }

  private func rumours(_ wire: [PBRumour]) throws(WireError) -> [Rumour] {
    try wire.converted { (wire) throws(WireError) in try wire.rumour() }
  }
}

private func digests(_ wire: [PBRecordDigest]) throws(WireError) -> [RecordDigest] {
  try wire.converted { (wire) throws(WireError) in try wire.digest() }
}

private func branch(_ depth: UInt32, _ digits: UInt32) throws(WireError) -> TreeBranch {
  guard let branch = TreeBranch(depth: Int(depth), digits: Int(digits)) else { throw .invalid("branch") }
  return branch
}

extension PBRumour {
  fileprivate init(_ rumour: Rumour) {
    subject = rumour.subject.rawValue
    incarnation = rumour.incarnation
    state = UInt32(rumour.state.rawValue)
    accuser = rumour.accuser.rawValue
  }

  fileprivate func rumour() throws(WireError) -> Rumour {
    guard let state = UInt8(exactly: state).flatMap(MemberState.init) else { throw .invalid("member state") }
    return Rumour(
      subject: RecordPlace(rawValue: subject), incarnation: try Field.counter(incarnation, "incarnation"),
      state: state, accuser: RecordPlace(rawValue: accuser))
  }
}

extension PBRecordDigest {
  fileprivate init(_ digest: RecordDigest) {
    place = digest.place.rawValue
    epoch = digest.version.epoch
    sequence = digest.version.sequence
    isDead = digest.isDead
  }

  fileprivate func digest() throws(WireError) -> RecordDigest {
    RecordDigest(
      place: RecordPlace(rawValue: place), version: try recordVersion(epoch, sequence), isDead: isDead)
  }
}

extension PBBranchHash {
  fileprivate init(_ branch: BranchHash) {
    depth = UInt32(branch.branch.depth)
    digits = UInt32(branch.branch.digits)
    hash = branch.hash
  }
}

extension PBDifference {
  fileprivate init(_ difference: Difference) {
    depth = UInt32(difference.branch.depth)
    digits = UInt32(difference.branch.digits)
    switch difference.content {
    case .equal: equal = true
    case .children(let hashes): children.hashes = hashes
    case .records(let first, let last, let digests):
      records.first = first.rawValue
      records.last = last.rawValue
      records.records = digests.map(PBRecordDigest.init)
    }
  }

  fileprivate func difference() throws(WireError) -> Difference {
    let branch = try branch(depth, digits)
    switch content {
    case nil: throw .missing("difference")
    case .equal?: return Difference(branch: branch, content: .equal)
    case .children(let wire)?:
      guard wire.hashes.count == 16, branch.depth < TreeBranch.depthMax else { throw .invalid("children") }
      return Difference(branch: branch, content: .children(wire.hashes))
    case .records(let wire)?:
      return Difference(
        branch: branch,
        content: .records(
          first: RecordPlace(rawValue: wire.first), last: RecordPlace(rawValue: wire.last),
          try digests(wire.records)))
    }
  }
}
