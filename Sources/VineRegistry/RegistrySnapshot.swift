import VineAddress
import VineBase

/// All that a registry is, in parts that a file or a message can hold; equal registries have equal snapshots.
public struct RegistrySnapshot: Hashable, Sendable {
  public struct Invitation: Hashable, Sendable {
    public let id: InvitationID
    public let secretHash: [UInt8]
    public let site: SiteName
    public let hosts: Int
    public let expires: WallTime
    public let usedBy: NodeID?

    public init(
      id: InvitationID, secretHash: [UInt8], site: SiteName, hosts: Int, expires: WallTime, usedBy: NodeID?
    ) {
      (self.id, self.secretHash, self.site) = (id, secretHash, site)
      (self.hosts, self.expires, self.usedBy) = (hosts, expires, usedBy)
    }
  }

  /// What an author asked for lately, oldest first.
  public struct Session: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
      public let id: ProposalID
      public let outcome: Result<RegistryAnswer, RegistryRefusal>

      public init(id: ProposalID, outcome: Result<RegistryAnswer, RegistryRefusal>) {
        (self.id, self.outcome) = (id, outcome)
      }
    }

    public let author: NodeID
    public let lastIndex: UInt64
    public let entries: [Entry]

    public init(author: NodeID, lastIndex: UInt64, entries: [Entry]) {
      (self.author, self.lastIndex, self.entries) = (author, lastIndex, entries)
    }
  }

  /// What was ratified of a reserve: hashes of its grants, oldest first.
  public struct Chain: Hashable, Sendable {
    public let reserve: Block
    public let hashes: [[UInt8]]

    public init(reserve: Block, hashes: [[UInt8]]) { (self.reserve, self.hashes) = (reserve, hashes) }
  }

  public struct Reading: Hashable, Sendable {
    public let author: NodeID
    public let time: WallTime

    public init(author: NodeID, time: WallTime) { (self.author, self.time) = (author, time) }
  }

  public var epoch: UInt32
  public var nextNetwork: UInt32
  public var overlapFrom: WallTime
  /// Those with the latest times, latest first; two at most.
  public var clock: [Reading]
  /// In the order of their keys, those taken back included.
  public var facts: [RegistryFact]
  public var invitations: [Invitation]
  public var chains: [Chain]
  public var sessions: [Session]

  public init(
    epoch: UInt32, nextNetwork: UInt32, overlapFrom: WallTime, clock: [Reading], facts: [RegistryFact],
    invitations: [Invitation], chains: [Chain], sessions: [Session]
  ) {
    (self.epoch, self.nextNetwork, self.overlapFrom, self.clock) = (epoch, nextNetwork, overlapFrom, clock)
    (self.facts, self.invitations, self.chains, self.sessions) = (facts, invitations, chains, sessions)
  }
}

extension Registry {
  public var snapshot: RegistrySnapshot {
    RegistrySnapshot(
      epoch: epoch, nextNetwork: nextNetwork, overlapFrom: overlapFrom,
      clock: [clock.first, clock.second].compactMap { $0.map { .init(author: $0.author, time: $0.time) } },
      facts: facts,
      invitations: invitations.map { id, invitation in
        .init(
          id: id, secretHash: invitation.secretHash, site: invitation.site, hosts: invitation.hosts,
          expires: invitation.expires, usedBy: invitation.usedBy)
      },
      chains: ratified.map { .init(reserve: $0.0, hashes: $0.1.hashes) },
      sessions: sessions.byAuthor.map { author, session in
        .init(
          author: author, lastIndex: session.lastIndex, entries: session.entries.map { .init(id: $0.0, outcome: $0.1) })
      })
  }

  /// A registry that goes on where another one was.
  /// - Throws: if the parts contradict one another; bytes from outside may say anything.
  public init(_ snapshot: RegistrySnapshot, trust: GrantTrust = .none) throws(SnapshotFault) {
    self.init(trust: trust)
    epoch = snapshot.epoch
    (nextNetwork, overlapFrom) = (snapshot.nextNetwork, snapshot.overlapFrom)
    let readings = snapshot.clock.prefix(2).map { MeshClock.Reading(author: $0.author, time: $0.time) }
    clock = MeshClock(first: readings.first, second: readings.count > 1 ? readings[1] : nil)
    var last: FactKey?
    for fact in snapshot.facts {
      guard fact.isConsistent, last.map({ $0 < fact.key }) ?? true, isWithin(fact) else { throw SnapshotFault() }
      last = fact.key
      adopt(fact)
    }
    for one in snapshot.invitations {
      invitations[one.id] = Invitation(
        secretHash: one.secretHash, site: one.site, hosts: one.hosts, expires: one.expires, usedBy: one.usedBy)
      expiries[Expiry(at: one.expires, invitation: one.id)] = true
    }
    for chain in snapshot.chains { ratified[chain.reserve] = Ratified(hashes: chain.hashes) }
    for session in snapshot.sessions {
      sessions.restore(
        Sessions.Session(entries: session.entries.map { ($0.id, $0.outcome) }, lastIndex: session.lastIndex),
        of: session.author)
    }
    if fault != nil { throw SnapshotFault() }
  }

  /// Blocks come after the space that they lie in, which has the first key of all.
  private func isWithin(_ fact: RegistryFact) -> Bool {
    guard fact.body != nil else { return true }
    let block: Block? =
      switch fact.key {
      case .block(let block), .scopedBlock(_, let block), .reserve(let block): block
      case .quarantine(let held): held.block
      case .mesh, .site, .vine, .participation, .revocation, .voter: nil
      }
    return block.map { view.space?.contains($0) ?? false } ?? true
  }

  public struct SnapshotFault: Error, Hashable, Sendable {}
}
