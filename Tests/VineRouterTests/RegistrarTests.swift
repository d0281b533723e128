import Testing
import VineBase
import VineRaft
import VineRouter

@Suite struct RegistrarTests {
  private func node(_ byte: UInt8) -> NodeID {
    guard let node = NodeID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes") }
    return node
  }

  @Test func `consensus hears nobody but the voters`() {
    var registrar = Registrar(
      node: node(1), voters: [node(1), node(2), node(3)], hardState: nil, log: [], random: RandomSource(seed: 1))
    let vote = RaftMessage.vote(VoteRequest(term: Term(rawValue: 99), lastIndex: .zero, lastTerm: .zero))
    #expect(registrar.received(vote, from: node(9), at: .zero).isEmpty)
    #expect(registrar.raft?.hardState.term == .zero)
    #expect(!registrar.received(vote, from: node(2), at: .zero).isEmpty)
    #expect(registrar.raft?.hardState.term == Term(rawValue: 99))
  }
}
