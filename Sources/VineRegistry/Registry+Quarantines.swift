import VineAddress
import VineBase

/// Blocks that nobody gets for a while: their owners are gone, and may not know that they lost them.
extension Registry {
  /// A day: whoever is cut off for longer finds its block gone, and is told so before another site's packets can come.
  public static let quarantineSeconds: Int64 = 86_400

  var quarantineEnd: WallTime {
    WallTime(secondsSince1970: clock.now.secondsSince1970 + Self.quarantineSeconds)
  }

  /// - Parameter ifFree: what somebody has is left to them.
  mutating func quarantine(
    _ held: ScopedBlock, ifFree: Bool = false, owner: NodeID?, at index: UInt64
  ) {
    if ifFree, space?.conflict(with: held, meeting: []) != nil { return }
    set(.quarantine(held), .quarantine(until: quarantineEnd, owner: owner), at: index)
  }

  /// Only by what the proposer knew: a VR that came back meanwhile, or got another block, keeps it. What was taken once
  /// is not its any more, so it is not taken twice.
  mutating func reclaim(
    _ node: NodeID, known: UInt64, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard view.sites[node] != nil else { throw .notAdmitted }
    let spoke = node == author ? index : sessions.lastIndex(of: node)
    // What a revoked VR says does not count.
    guard spoke <= known || (view.isRevoked(node) && node != author) else { throw .ownerLives(at: spoke) }
    let holdings = view.holdings(of: node).filter { current[.holding($0)].map { $0.index <= known } ?? false }
    let reserves = view.reserves.filter { reserve, delegate in
      delegate == node && current[.reserve(reserve)].map { $0.index <= known } ?? false
    }
    guard !holdings.isEmpty || !reserves.isEmpty else { throw .nothingToReclaim }
    var count = 0
    for held in holdings {
      set(.holding(held), nil, at: index)
      set(.quarantine(held), .quarantine(until: quarantineEnd, owner: node), at: index)
      count += 1
    }
    for (reserve, _) in reserves { count += close(reserve, at: index) }
    return .quarantined(blocks: count, until: quarantineEnd)
  }

  mutating func endQuarantines(at index: UInt64) throws(RegistryRefusal) -> RegistryAnswer {
    let due = view.quarantines.filter { $0.1.until <= clock.now }.map(\.0)
    guard !due.isEmpty else {
      throw .noQuarantineOver(next: view.quarantines.map(\.1.until).min())
    }
    for held in due { set(.quarantine(held), nil, at: index) }
    return .freed(blocks: due.count)
  }
}
