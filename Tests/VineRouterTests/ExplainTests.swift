import Testing
import VineBase
import VineRegistry
import VineRouting
import VineWire

@testable import VineRouter

@Suite(.serialized) struct ExplainTests {
  @Test func `a packet that passes is followed to the other end, with the version that decides there`() throws {
    let sites = try TwoSites()
    let explanation = try sites.explain(sites.first, sites.second)
    #expect(explanation.peer == sites.nwu && explanation.network == NetworkID(rawValue: 1))
    #expect(explanation.steps.count == 3, "space, LNDT, GNDT: \(explanation.steps)")
    guard case .delivered(let version?)? = explanation.remote else {
      Issue.record("\(explanation)")
      return
    }
    #expect(version == sites.world.routers[sites.uf]?.directory.tables[NetworkID(rawValue: 1)]?.version)
  }

  @Test func `what this VR refuses is decided here, and the other end is not asked`() throws {
    let sites = try TwoSites()
    let stranger = try #require(IPv4Address("172.16.0.99"))
    let outside = try #require(IPv4Address("192.0.2.1"))
    #expect(try sites.explain(stranger, sites.second).decision == .drop(.sourceNotInLNDT))
    #expect(try sites.explain(sites.first, outside).decision == .drop(.notVirtualDestination))
    let unknown = try sites.explain(sites.first, try #require(IPv4Address("172.16.1.77")))
    #expect(unknown.decision == .drop(.noGNDTEntry) && unknown.remote == nil)
  }

  @Test func `the other end's refusal comes back with its reason`() throws {
    let sites = try TwoSites()
    // The host is gone there, and the news is held up.
    sites.world.apart = [sites.nwu]
    sites.world.request(.removeHost(sites.second, nil), at: sites.nwu)
    var explanation = try sites.explain(sites.first, sites.second)
    guard case .unanswered? = explanation.remote else {
      Issue.record("\(explanation)")
      return
    }
    sites.world.apart = []
    let network = NetworkID(rawValue: 1)
    let table = try #require(sites.world.tables[sites.nwu])
    let index = try #require(table.index(of: sites.uf))
    // As the VR there would be asked at this moment.
    let (decision, _) = table.explainInbound(
      network: network, source: sites.first, destination: sites.second, from: index)
    #expect(decision == .drop(.destinationNotInLNDT))
    sites.world.run(.seconds(10))
    explanation = try sites.explain(sites.first, sites.second)
    #expect(explanation.decision == .drop(.noGNDTEntry), "the news has come")
  }

  @Test func `an answer that nobody waits for, or from somebody else, changes nothing`() throws {
    let sites = try TwoSites()
    let before = sites.world.answers.count
    let message = ControlMessage.explainReply(id: 7, reason: nil, version: nil).encode()
    sites.world.deliver(
      .control(message, from: sites.nwu, via: .datagram(Endpoint(address: IPv4Address(rawValue: 1))), localIndex: 1),
      to: sites.uf)
    sites.world.run(.seconds(1))
    #expect(sites.world.answers.count == before)
  }
}
