import Testing
import VineBase
import VinePath

@Suite struct ReachabilityTests {
  // MARK: Declared

  @Test func `a declared VR is public at once and asks nobody`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    let evidence = Evidence(.declared([public2247]))
    #expect(path.handle(.declaredPublic([public2247]), at: .zero) == [.roleChanged(.public, evidence)])
    #expect(evidence.description == "declared in configuration")
    #expect(path.handle(.connected(uf, isPublic: true), at: .zero) == [])
    #expect(path.handle(.observed(nat, by: uf), at: .zero) == [])
    #expect(path.endpoints == [public2247] && path.nextWakeup == nil)
  }

  @Test func `a declaration that is taken back leaves the question open`() {
    var path = connected()
    _ = path.handle(.declaredPublic([public2247]), at: .zero)
    #expect(path.handle(.observed(nat, by: uf), at: .zero) == [])
    let effects = path.handle(.declaredPublic([]), at: .zero)
    #expect(effects.first == .roleChanged(.unknown, Evidence(.none)))
    #expect(effects.count == 2 && asks(effects).map(\.node) == [uf])
  }

  // MARK: Asking

  @Test func `while nothing is known the local addresses are published as a guess`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    _ = path.handle(.localAddresses([public2247.address]), at: .zero)
    #expect(path.role == .unknown && path.endpoints == [public2247] && path.nextWakeup == nil)
  }

  @Test func `a dial-back is wanted at the observed address and the port of the VR`() {
    var path = connected()
    let ask = asks(path.handle(.observed(nat, by: uf), at: .zero)).first
    #expect(ask?.node == uf && ask?.nonce.count == 16)
    #expect(ask?.wanted == Endpoint("203.0.113.5:2247"))
  }

  @Test func `a dial-back that arrives makes the VR public there`() {
    var path = connected()
    let ask = asks(path.handle(.observed(Endpoint(address: public2247.address, port: 40112), by: uf), at: .zero)).first
    let evidence = Evidence(.dialBack(by: uf, at: public2247))
    #expect(
      path.handle(.dialBackArrived(nonce: ask?.nonce ?? [], overTCP: false), at: second(1)) == [
        .roleChanged(.public, evidence)
      ])
    #expect(evidence.describe { $0 == uf ? "UF" : "?" } == "dial-back from UF reached 198.18.0.2:2247")
    #expect(path.endpoints == [public2247])
    #expect(path.nextWakeup?.at == second(601))
  }

  @Test func `an answer to the first try counts during the third`() {
    var path = connected()
    let ask = asks(path.handle(.observed(public2247, by: uf), at: .zero)).first
    _ = path.handle(.wakeup, at: second(1))
    _ = path.handle(.wakeup, at: second(2))
    _ = path.handle(.dialBackArrived(nonce: ask?.nonce ?? [], overTCP: false), at: second(2))
    #expect(path.role == .public)
  }

  @Test func `behind a NAT a datagram proves nothing: its asker was written to`() {
    var path = connected()
    let ask = asks(path.handle(.observed(nat, by: uf), at: .zero)).first
    _ = path.handle(.dialBackArrived(nonce: ask?.nonce ?? [], overTCP: false), at: second(0))
    #expect(path.role == .unknown)
    for time in 1...2 { _ = path.handle(.wakeup, at: second(time)) }
    let evidence = Evidence(.datagramsOnly(by: uf, at: endpoint("203.0.113.5:2247")))
    #expect(path.handle(.wakeup, at: second(3)) == [.roleChanged(.limited, evidence)])
    #expect(evidence.description.contains("by UDP and not by TCP"))
  }

  @Test(arguments: [[false, true], [true, false]])
  func `behind a NAT that forwards both, a datagram and a connection make the VR public`(order: [Bool]) {
    var path = connected()
    let ask = asks(path.handle(.observed(nat, by: uf), at: .zero)).first
    for overTCP in order {
      #expect(path.role == .unknown)
      _ = path.handle(.dialBackArrived(nonce: ask?.nonce ?? [], overTCP: overTCP), at: second(1))
    }
    #expect(path.role == .public)
    #expect(path.endpoints == [endpoint("203.0.113.5:2247")])
  }

  @Test func `a connection alone is not enough: packets go by UDP`() {
    var path = connected()
    let ask = asks(path.handle(.observed(nat, by: uf), at: .zero)).first
    _ = path.handle(.dialBackArrived(nonce: ask?.nonce ?? [], overTCP: true), at: second(0))
    for time in 1...3 { _ = path.handle(.wakeup, at: second(time)) }
    #expect(path.role == .limited)
  }

  @Test func `a nonce that was never asked for proves nothing`() {
    var path = connected()
    _ = path.handle(.observed(nat, by: uf), at: .zero)
    #expect(path.handle(.dialBackArrived(nonce: [UInt8](repeating: 0, count: 16), overTCP: false), at: .zero) == [])
    #expect(path.handle(.dialBackArrived(nonce: [], overTCP: false), at: .zero) == [])
    #expect(path.role == .unknown)
  }

  @Test func `three tries without an answer make the VR limited`() {
    var path = connected()
    #expect(asks(path.handle(.observed(nat, by: uf), at: .zero)).count == 1)
    #expect(path.handle(.wakeup, at: .zero) == [])
    #expect(asks(path.handle(.wakeup, at: second(1))).count == 1)
    #expect(asks(path.handle(.wakeup, at: second(2))).count == 1)
    let evidence = Evidence(.silence(tries: 3, by: uf, seenAs: nat, isOwnAddress: false))
    #expect(path.handle(.wakeup, at: second(3)) == [.roleChanged(.limited, evidence)])
    let line = "no dial-back arrived in 3 s; NWU sees us as 203.0.113.5:40112, which is none of our addresses"
    #expect(evidence.describe { _ in "NWU" } == line)
    #expect(path.endpoints == [] && path.nextWakeup?.at == second(63))
  }

  @Test func `a VR whose own address is seen and yet not reached is told of a firewall`() {
    var path = connected()
    _ = path.handle(.localAddresses([nat.address]), at: .zero)
    _ = path.handle(.observed(nat, by: uf), at: .zero)
    for number in 1...3 { _ = path.handle(.wakeup, at: second(number)) }
    #expect(path.evidence.description.hasSuffix("which is our own address: a firewall keeps it out"))
  }

  @Test func `public peers are asked before others`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    _ = path.handle(.connected(node(1), isPublic: false), at: .zero)
    _ = path.handle(.connected(node(2), isPublic: true), at: .zero)
    _ = path.handle(.connected(node(3), isPublic: true), at: .zero)
    let first = asks(path.handle(.observed(nat, by: node(2)), at: .zero)).map(\.node)
    _ = path.handle(.observed(nat, by: node(1)), at: .zero)
    _ = path.handle(.observed(nat, by: node(3)), at: .zero)
    let others = (1...2).flatMap { asks(path.handle(.wakeup, at: second($0))).map(\.node) }
    #expect(first + others == [node(2), node(3), node(1)])
  }

  // MARK: Again

  @Test func `a limited VR tries again after a minute and becomes public when it is reached`() {
    var path = limited()
    let again = asks(path.handle(.wakeup, at: second(63))).first
    #expect(path.role == .limited)
    _ = path.handle(.dialBackArrived(nonce: again?.nonce ?? [], overTCP: true), at: second(64))
    let effects = path.handle(.dialBackArrived(nonce: again?.nonce ?? [], overTCP: false), at: second(64))
    #expect(effects.count == 1 && path.role == .public)
  }

  @Test func `a role that is confirmed is not announced again`() {
    var path = limited()
    for number in 63...66 { #expect(path.handle(.wakeup, at: second(number)).allSatisfy { !isAnnouncement($0) }) }
    #expect(path.role == .limited && path.nextWakeup?.at == second(126))
  }

  @Test func `changed addresses start a round at once and the role stays until it ends`() {
    var path = limited()
    #expect(asks(path.handle(.addressesChanged, at: second(10))).count == 1)
    #expect(path.role == .limited)
    #expect(asks(path.handle(.localAddresses([nat.address]), at: second(11))).count == 1)
    #expect(path.handle(.localAddresses([nat.address]), at: second(11)) == [])
  }

  @Test func `without anybody to ask a round waits for a peer`() {
    var path = limited()
    _ = path.handle(.disconnected(uf), at: second(5))
    #expect(path.handle(.wakeup, at: second(63)) == [])
    #expect(path.nextWakeup == nil)
    _ = path.handle(.connected(uf, isPublic: true), at: second(70))
    #expect(asks(path.handle(.observed(nat, by: uf), at: second(70))).count == 1)
  }

  @Test func `a VR does not ask itself`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    _ = path.handle(.connected(own, isPublic: true), at: .zero)
    #expect(path.handle(.observed(nat, by: own), at: .zero) == [])
  }

  // MARK: Answering

  @Test func `a request is answered at the wanted port of the address it came from`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    let wanted = Endpoint(address: nat.address)
    #expect(path.handle(request(wanted), at: .zero) == [.answerDialBack(to: wanted, nonce: nonce)])
  }

  @Test func `nobody can have a probe sent to somebody else`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    #expect(path.handle(request(public2247), at: .zero) == [])
    #expect(path.handle(request(Endpoint(address: nat.address, port: 0)), at: .zero) == [])
    let short = Reachability.Input.dialBackRequest(from: uf, observed: nat, wanted: nat, nonce: [1])
    #expect(path.handle(short, at: .zero) == [])
  }

  @Test func `a peer that asks too often is answered twice a second`() {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    let answers = (0..<100).flatMap { path.handle(request(nat), at: Instant(nanoseconds: $0 * 10_000_000)) }
    #expect(answers.count == 2)
  }

  // MARK: Helpers

  private let own = node(9)
  private let uf = node(1)
  private let nat = endpoint("203.0.113.5:40112")
  private let public2247 = endpoint("198.18.0.2:2247")
  private let nonce = [UInt8](repeating: 7, count: 16)

  private func connected() -> Reachability {
    var path = Reachability(node: self.own, port: 2247, random: RandomSource(seed: 1))
    _ = path.handle(.localAddresses([public2247.address]), at: .zero)
    _ = path.handle(.connected(uf, isPublic: true), at: .zero)
    return path
  }

  private func limited() -> Reachability {
    var path = connected()
    _ = path.handle(.observed(nat, by: uf), at: .zero)
    for number in 1...3 { _ = path.handle(.wakeup, at: second(number)) }
    return path
  }

  private func request(_ wanted: Endpoint) -> Reachability.Input {
    .dialBackRequest(from: uf, observed: nat, wanted: wanted, nonce: nonce)
  }

  private func asks(_ effects: [Reachability.Effect]) -> [(node: NodeID, wanted: Endpoint, nonce: [UInt8])] {
    effects.compactMap {
      if case .askDialBack(let node, let wanted, let nonce) = $0 { (node, wanted, nonce) } else { nil }
    }
  }

  private func isAnnouncement(_ effect: Reachability.Effect) -> Bool {
    if case .roleChanged = effect { true } else { false }
  }

  private func second(_ number: Int) -> Instant { Instant(nanoseconds: Int64(number) * 1_000_000_000) }
}
