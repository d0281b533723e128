import VineBase
import VineRegistry
import VineWire

/// This VR as a delegate, while it is cut off from the majority and afterwards.
extension Router {
  /// Asks for what a delegate needs: a reserve, the ratification of its grants, the end of its reserve.
  mutating func lookAfterDelegation(_ turn: inout Turn) {
    let isAsking = requests.waiting.contains { if case .delegation = $0.1 { true } else { false } }
    guard !isAsking, directory.view.sites[node] != nil else { return }
    // Looked at seldom: a quarantine lasts a day.
    if ticks.isMultiple(of: 64), registrar.isQuarantineOver { return propose(.endQuarantines, for: .delegation, &turn) }
    let (effects, command) = registrar.delegateStep()
    run(effects, &turn)
    if let command { propose(command, for: .delegation, &turn) }
  }

  /// A command of another VR: for the majority, or for this delegate.
  mutating func received(_ proposal: Proposal, from peer: NodeID, via carrier: Carrier, _ turn: inout Turn) {
    noteStraightWay(of: proposal, from: peer, carrier)
    if proposal.author == peer, let answer = grantBlock(proposal, &turn) {
      return run([.send(.proposalAnswer(proposal.id, .success(answer)), to: peer)], &turn)
    }
    run(registrar.received(proposal, from: peer, at: turn.now), &turn)
  }

  /// - Returns: nil unless this delegate is cut off and has a block to give.
  mutating func grantBlock(_ proposal: Proposal, _ turn: inout Turn) -> RegistryAnswer? {
    guard case .allocateBlock(let hosts, nil) = proposal.command,
      let (effects, answer) = registrar.grantBlock(proposal, hosts: hosts, at: turn.now, sign: identity.key.sign)
    else { return nil }
    run(effects, &turn)
    return answer
  }
}
