import VineAddress
import VineBase
import VineRegistry
import VineWire

/// A delegate's reserve and what it granted from it; durable, or a VR that restarts would grant a block twice.
public struct GrantLedger: Hashable, Sendable {
  public let reserve: Block
  /// The decision that made the reserve this VR's.
  public let delegation: FactVersion
  /// Oldest first.
  public var grants: [SignedGrant]

  public init(reserve: Block, delegation: FactVersion, grants: [SignedGrant] = []) {
    (self.reserve, self.delegation, self.grants) = (reserve, delegation, grants)
  }
}

/// A voter as a delegate: it has a reserve, grants from it while it is cut off from the majority, and has its grants
/// ratified afterwards.
///
/// A reserve is begun only on the answer to this VR's own request: a VR that lost its store finds a reserve in its name,
/// does not know what it granted from it, and gives it up.
extension Registrar {
  /// Elections take less; nobody grants because a leader changes.
  static let cutOffAfter = Duration.seconds(2)
  /// Grants in one command, which fits a log entry.
  static let grantsPerProposal = 2

  /// Without a leader for so long that the majority is elsewhere, or nowhere.
  public func isCutOff(at now: Instant) -> Bool {
    guard isVoter, !raft.isLeader, fault == nil, let since = leaderlessSince else { return false }
    return now - since >= Self.cutOffAfter
  }

  /// Takes up a reserve that the log has by now, lets one go that is not this VR's any more, and says what is to be asked of
  /// the registry.
  mutating func delegateStep() -> (effects: [Effect], command: RegistryCommand?) {
    guard raft.leader != nil || !isVoter, registry.view.space != nil else { return ([], nil) }
    var effects: [Effect] = []
    if let asked, let reserve = asked.reserve, let delegation = registry.view.delegation(of: reserve),
      registry.view.reserves[reserve] == node, delegation.index > asked.applied
    {
      self.asked = nil
      let ledger = GrantLedger(reserve: reserve, delegation: delegation)
      begin(ledger)
      effects.append(.persistLedger(ledger))
    }
    let reserve = registry.view.reserves.first { $0.1 == node }?.0
    guard let chain else {
      guard isVoter, asked?.reserve == nil else { return (effects, nil) }
      if let reserve { return (effects, .endDelegation(reserve: reserve, isWhole: false)) }
      guard voters.count >= 3 else { return (effects, nil) }
      asked = (appliedIndex, nil)
      return (effects, .delegate(to: node, prefixLength: Registry.reservePrefixLength))
    }
    let waiting = chain.grants.dropFirst(ratifiedCount)
    if !waiting.isEmpty { return (effects, .ratify(Array(waiting.prefix(Self.grantsPerProposal)))) }
    if isVoter, registry.view.delegation(of: chain.reserve) != chain.delegation, appliedIndex >= chain.delegation.index
    {
      // Closed, or of an epoch that is over.
      self.chain = nil
      return (effects + [.persistLedger(nil)], nil)
    }
    // Only a voter knows when it is cut off.
    let isDone = !isVoter && !voters.contains(node)
    return (effects, isDone ? .endDelegation(reserve: chain.reserve, isWhole: true) : nil)
  }

  /// Whether the leader shall end quarantines: one is over by the time that most clocks have reached.
  var isQuarantineOver: Bool {
    raft.isLeader && registry.view.quarantines.contains { $0.1.until <= registry.now }
  }

  private var ratifiedCount: Int {
    guard let chain, registry.view.delegation(of: chain.reserve) == chain.delegation else { return ratifiedHere }
    return max(ratifiedHere, registry.ratifiedCount(of: chain.reserve))
  }

  /// The registry answered what `delegateStep` asked.
  mutating func delegateAnswered(_ answer: RegistryAnswer) -> [Effect] {
    switch answer {
    case .delegated(let reserve):
      // It begins when this VR's own log has it.
      asked?.reserve = reserve
      return []
    case .ratified(let outcomes):
      var effects: [Effect] = []
      for one in outcomes {
        if case .refused(.gap(let expected)) = one.outcome {
          ratifiedHere = Int(expected) - 1
          break
        }
        ratifiedHere = max(ratifiedHere, Int(one.sequence))
        guard case .refused(let why) = one.outcome, let grant = granted(one.sequence) else { continue }
        effects.append(.notRatified(grant, why))
      }
      return effects
    case .done, .quarantined:
      guard chain != nil else { return [] }
      chain = nil
      return [.persistLedger(nil)]
    default: return []
    }
  }

  private func granted(_ sequence: UInt32) -> Grant? {
    guard let chain, sequence >= 1, Int(sequence) <= chain.grants.count else { return nil }
    return chain.grants[Int(sequence) - 1].grant
  }

  /// Takes up what the store holds; grants that are not of one chain are left out with all behind them.
  mutating func begin(_ ledger: GrantLedger) {
    var chain = GrantChain(
      reserve: ledger.reserve, delegation: ledger.delegation, delegate: node, trust: registry.trust)
    for signed in ledger.grants {
      do throws(GrantChain.Fault) { try chain.append(signed) } catch { break }
    }
    (self.chain, ratifiedHere) = (chain, 0)
  }

  // MARK: Granting

  /// Admits a site while cut off, as far as this voter's log tells that the invitation is good.
  /// - Returns: nil if this VR is no delegate, or not cut off: the majority decides.
  mutating func grantAdmission(
    of guest: NodeID, _ invitation: InvitationID, _ secretHash: [UInt8], wall: WallTime, at now: Instant,
    sign: ([UInt8]) -> [UInt8]
  ) -> (effects: [Effect], outcome: Result<RegistryAnswer, RegistryRefusal>)? {
    guard isCutOff(at: now), let chain else { return nil }
    if let before = chain.grants.first(where: { $0.grant.admission?.invitation == invitation })?.grant,
      let admission = before.admission
    {
      guard before.grantee == guest else { return ([], .failure(.invitationUsed(by: before.grantee))) }
      return ([], .success(.admitted(site: admission.site, before.block.block)))
    }
    do throws(RegistryRefusal) {
      let (site, hosts) = try registry.admission(of: guest, invitation, secretHash, wall)
      let admission = Grant.Admission(site: site, invitation: invitation, secretHash: secretHash)
      guard let (effects, block) = grant(hosts, to: guest, admission, sign: sign) else { return nil }
      return (effects, .success(.admitted(site: site, block)))
    } catch {
      return ([], .failure(error))
    }
  }

  /// A further block for a site while cut off. The same proposal again gets the same block.
  mutating func grantBlock(
    _ proposal: Proposal, hosts: Int, at now: Instant, sign: ([UInt8]) -> [UInt8]
  ) -> (effects: [Effect], answer: RegistryAnswer)? {
    guard isCutOff(at: now), chain != nil, registry.view.sites[proposal.author] != nil,
      !registry.view.isRevoked(proposal.author)
    else { return nil }
    if let block = grantedTo[proposal.id] { return ([], .allocated(block)) }
    guard let (effects, block) = grant(hosts, to: proposal.author, nil, sign: sign) else { return nil }
    grantedTo[proposal.id] = block
    return (effects, .allocated(block))
  }

  private mutating func grant(
    _ hosts: Int, to grantee: NodeID, _ admission: Grant.Admission?, sign: ([UInt8]) -> [UInt8]
  ) -> (effects: [Effect], block: Block)? {
    guard var chain, registry.view.delegation(of: chain.reserve) == chain.delegation else { return nil }
    let taken = registry.view.blocks.keys + registry.view.quarantines.keys.map(\.block)
    guard let next = chain.next(for: grantee, admission: admission, hosts: hosts, taken: taken) else { return nil }
    let signed = SignedGrant(next, signature: sign(next.signedBytes))
    do throws(GrantChain.Fault) { try chain.append(signed) } catch {
      preconditionFailure("a chain's own next grant continues it: \(error)")
    }
    self.chain = chain
    // Told in the version of the delegation: whatever the registry decides later is newer.
    var facts = [
      RegistryFact(key: .holding(next.block), version: chain.delegation, body: .block(owner: grantee))
    ]
    if let admission {
      facts.append(
        RegistryFact(key: .site(grantee), version: chain.delegation, body: .site(name: admission.site)))
    }
    return ([.persistGrant(signed), .facts(facts)], next.block.block)
  }
}
