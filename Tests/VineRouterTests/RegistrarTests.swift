import Testing
import VineBase
import VineRaft
import VineRouter

@Suite struct RegistrarTests {
  private func voter(_ byte: UInt8) -> VoterID {
    guard let node = NodeID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes") }
    return VoterID(node: node, store: StoreID(high: 0, low: UInt64(byte)))
  }

  @Test func `consensus hears nobody but the voters`() {
    let voters = [voter(1), voter(2), voter(3)]
    var registrar = Registrar(
      node: voter(1).node, voters: voters.map(\.node), store: voter(1).store, memory: .founding(voters),
      random: RandomSource(seed: 1))
    func vote(from peer: VoterID) -> [Registrar.Effect] {
      let request = VoteRequest(lastIndex: .zero, lastTerm: .zero)
      let message = RaftMessage(
        epoch: .first, from: peer.store, to: voter(1).store, term: Term(rawValue: 99), body: .vote(request))
      return registrar.received(message, from: peer.node, at: .zero)
    }
    #expect(vote(from: voter(9)).isEmpty)
    #expect(registrar.raft.term == .zero)
    #expect(!vote(from: voter(2)).isEmpty)
    #expect(registrar.raft.term == Term(rawValue: 99))
  }
}
