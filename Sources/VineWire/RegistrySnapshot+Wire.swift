import SwiftProtobuf
import VineAddress
import VineBase
import VineRegistry

/// A registry as the state of a Raft snapshot; equal registries have equal bytes.
extension RegistrySnapshot {
  public func encode() -> [UInt8] {
    var wire = PBRegistrySnapshot()
    wire.epoch = epoch
    wire.nextNetwork = nextNetwork
    wire.overlapFrom = overlapFrom.secondsSince1970
    wire.clock = clock.map { reading in
      var wire = PBClockReading()
      wire.author = .init(reading.author.bytes)
      wire.time = reading.time.secondsSince1970
      return wire
    }
    wire.facts = facts.map(FactRecord.wire)
    wire.invitations = invitations.map(PBOpenInvitation.init)
    wire.chains = chains.map { chain in
      var wire = PBRatifiedChain()
      wire.reserve = PBBlock(chain.reserve)
      wire.hashes = chain.hashes.map { .init($0) }
      return wire
    }
    wire.sessions = sessions.map(PBSession.init)
    return wire.written
  }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> RegistrySnapshot {
    let wire = try PBRegistrySnapshot.read(bytes, "registry snapshot", max: WireLimits.snapshotByteCountMax)
    return RegistrySnapshot(
      epoch: wire.epoch, nextNetwork: wire.nextNetwork, overlapFrom: try Field.time(wire.overlapFrom, "time"),
      clock: try wire.clock.converted { (wire) throws(WireError) in
        Reading(author: try Field.node(wire.author, "author"), time: try Field.time(wire.time, "time of an author"))
      },
      facts: try wire.facts.converted { (wire) throws(WireError) in try FactRecord.fact(wire) },
      invitations: try wire.invitations.converted { (wire) throws(WireError) in try wire.invitation() },
      chains: try wire.chains.converted { (wire) throws(WireError) in
        Chain(
          reserve: try wire.reserve.block(),
          hashes: try wire.hashes.converted { (hash) throws(WireError) in
            try Field.bytes(hash, count: Grant.hashByteCount, "hash of a grant")
          })
      },
      sessions: try wire.sessions.converted { (wire) throws(WireError) in try wire.session() })
  }
}

extension PBOpenInvitation {
  fileprivate init(_ invitation: RegistrySnapshot.Invitation) {
    self.init()
    id = .init(invitation.id.bytes)
    secretHash = .init(invitation.secretHash)
    site = invitation.site.description
    hosts = UInt32(clamping: invitation.hosts)
    expires = invitation.expires.secondsSince1970
    if let node = invitation.usedBy { usedBy = .init(node.bytes) }
  }

  fileprivate func invitation() throws(WireError) -> RegistrySnapshot.Invitation {
    RegistrySnapshot.Invitation(
      id: try Field.invitation(id),
      secretHash: try Field.bytes(secretHash, count: PBProposal.secretHashByteCount, "secret hash"),
      site: try Field.name(site, "site name"), hosts: Int(hosts),
      expires: try Field.time(expires, "expiry of the invitation"),
      usedBy: usedBy.isEmpty ? nil : try Field.node(usedBy, "node"))
  }
}

extension PBSession {
  fileprivate init(_ session: RegistrySnapshot.Session) {
    self.init()
    author = .init(session.author.bytes)
    lastIndex = session.lastIndex
    entries = session.entries.map { entry in
      var wire = PBSessionEntry()
      wire.id = .init(entry.id.bytes)
      switch entry.outcome {
      case .success(let answer): wire.answer = PBRegistryAnswer(answer)
      case .failure(let refusal): wire.refusal = PBRegistryRefusal(refusal)
      }
      return wire
    }
  }

  fileprivate func session() throws(WireError) -> RegistrySnapshot.Session {
    RegistrySnapshot.Session(
      author: try Field.node(author, "author"), lastIndex: try Field.counter(lastIndex, "log index"),
      entries: try entries.converted { (wire) throws(WireError) in
        guard let id = ProposalID(wire.id) else { throw .invalid("proposal identifier") }
        return switch wire.outcome {
        case nil: throw .missing("outcome of a proposal")
        case .answer(let answer)?: .init(id: id, outcome: .success(try answer.answer()))
        case .refusal(let refusal)?: .init(id: id, outcome: .failure(try refusal.refusal()))
        }
      })
  }
}
