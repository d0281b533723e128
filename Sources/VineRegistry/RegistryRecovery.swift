import VineAddress
import VineBase

/// What a registry goes on with when its majority is lost for good (`vine-mesh recover`).
///
/// One surviving VR begins a new epoch with what its log decided, and with the decisions that it heard of beyond that.
/// Owners keep their blocks. The lost majority may have granted any address that looks free from here, so all of them
/// are kept free for a while: whoever got one meanwhile shows its fact, and keeps it if nothing speaks against it.
public struct RegistryRecovery: Sendable {
  public struct Report: Hashable, Sendable {
    public let epoch: UInt32
    /// Decisions that were heard of and not in the log; whose they are.
    public let adopted: [FactKey]
    /// What contradicts the rest and is taken back.
    public let dropped: [FactKey]
    /// Blocks that are kept free.
    public let quarantined: [Block]
  }

  public let registry: Registry
  public let report: Report
  /// Facts of the new epoch, to be attested.
  public let facts: [RegistryFact]

  /// Identifiers of ViNes that the lost majority may have given out and that are not given out again.
  static let networksSkipped: UInt32 = 4096

  /// - Parameters:
  ///   - survivor: the registry that the survivor's log came to.
  ///   - heard: facts of the survivor's gossip.
  ///   - node: the survivor, which is to vote alone at first.
  ///   - index: log index of the new epoch's beginning; above all that is known.
  ///   - now: the survivor's time of day.
  ///   - quarantine: how long what looks free is kept free; zero if the operator knows that nobody got anything.
  public init(
    of survivor: Registry, heard: [RegistryFact], by node: NodeID, at index: UInt64, now: WallTime, quarantine: Duration
  ) {
    var registry = survivor
    registry.epoch += 1
    registry.clock.note(now, of: node)
    let until = WallTime(secondsSince1970: now.secondsSince1970 + quarantine.components.seconds)
    let (adopted, dropped) = registry.adopt(heard: heard, at: index)
    if let pool = registry.view.space { registry.set(.mesh, .mesh(space: pool), at: index) }
    let voters = registry.view.voters
    for voter in voters where voter != node { registry.set(.voter(voter), nil, at: index) }
    registry.set(.voter(node), .voter(.recovered(through: index - 1)), at: index)
    var pieces: [Block] = []
    if quarantine > .zero, let space = registry.space {
      pieces = space.all.freePieces
      for piece in pieces {
        registry.set(.quarantine(ScopedBlock(piece)), .quarantine(until: until, owner: nil), at: index)
      }
      registry.overlapFrom = until
    }
    registry.nextNetwork = registry.nextNetwork.addingReportingOverflow(Self.networksSkipped).partialValue
    for (reserve, _) in registry.view.reserves { _ = registry.close(reserve, at: index) }
    facts = registry.takeChanges()
    report = Report(epoch: registry.epoch, adopted: adopted, dropped: dropped, quarantined: pieces)
    self.registry = registry
  }
}

extension Registry {
  /// Takes decisions that are not in the log: those of sites and ViNes first, then what refers to them. What cannot stand
  /// beside the rest is taken back.
  fileprivate mutating func adopt(heard: [RegistryFact], at index: UInt64) -> (adopted: [FactKey], dropped: [FactKey]) {
    var (adopted, dropped): ([FactKey], [FactKey]) = ([], [])
    for fact in heard.sorted(by: { $0.key < $1.key }) where fact.isConsistent && fact.version.epoch < epoch {
      guard isNews(fact) else { continue }
      if stands(fact) {
        set(fact.key, fact.body, at: index)
        adopted.append(fact.key)
      } else {
        set(fact.key, nil, at: index)
        dropped.append(fact.key)
      }
    }
    return (adopted, dropped)
  }

  /// Newer than what this registry decided on it. Who votes and what is kept free is decided anew.
  private func isNews(_ fact: RegistryFact) -> Bool {
    switch fact.key {
    case .mesh, .voter, .quarantine, .reserve: return false
    default: return (known(fact.key).map { $0 < fact.version } ?? true)
    }
  }

  /// Whether a decision that was heard of can stand beside the others.
  private func stands(_ fact: RegistryFact) -> Bool {
    guard let body = fact.body else { return true }
    switch (fact.key, body) {
    case (.site(let node), .site(let name)):
      let other = siteNames[name]
      return (other == nil || other == node) && (view.site(tagged: node.tag).map { $0 == node } ?? true)
    case (.block, .block(let owner)), (.scopedBlock, .block(let owner)):
      guard let held = fact.key.holding, let space, space.pool.contains(held.block), view.sites[owner] != nil else {
        return false
      }
      return space.conflict(with: held, meeting: held.scope.map { networksMeeting($0) } ?? []) == nil
    case (.vine(let network), .vine(let name, _)):
      return view.vine(named: name).map { $0 == network } ?? true
    case (.participation(let network, let node), _):
      guard view.sites[node] != nil, view.vines[network] != nil else { return false }
      return view.networks(of: node).allSatisfy { space?.clash(network, $0) == nil }
    default: return true
    }
  }
}
