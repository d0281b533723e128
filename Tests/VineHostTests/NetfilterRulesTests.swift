import Testing
import VineAddress

@testable import VineHost

@Suite struct NetfilterRulesTests {
  private let rules = NetfilterRules(
    lan: "lan", space: [.standardSpace], queueNumber: 9, leaveAlone: [Block("172.17.0.0/16")].compactMap { $0 })

  @Test func `virtual packets of the hosts are captured, those from elsewhere dropped`() {
    let capture = rules.rules(of: "VINE-IN-9")
    for side in ["-d", "-s"] {
      let tcp = capture.firstIndex(of: "-i lan -p tcp \(side) 172.16.0.0/12 -j NFQUEUE --queue-num 9")
      let others = capture.firstIndex(of: "-i lan \(side) 172.16.0.0/12 -j NFQUEUE --queue-num 32777")
      #expect(tcp.map { tcp in others.map { tcp < $0 } ?? false } ?? false, "TCP has a queue of its own: \(capture)")
    }
    #expect(capture.suffix(2) == ["-d 172.16.0.0/12 -j DROP", "-s 172.16.0.0/12 -j DROP"])
  }

  @Test func `with a TUN device its packets pass and nothing else new does`() {
    var rules = rules
    (rules.capturesByTun, rules.injectsByTun, rules.isNoRouter) = (true, true, true)
    let (capture, forward) = (rules.rules(of: "VINE-IN-9"), rules.rules(of: "VINE-FWD-9"))
    #expect(!capture.contains { $0.contains("NFQUEUE") })
    #expect(capture.contains("-i lan -d 172.16.0.0/12 -j ACCEPT"))
    #expect(capture.contains("-i vine9 -d 172.16.0.0/12 -j ACCEPT"))
    #expect(capture.suffix(2) == ["-d 172.16.0.0/12 -j DROP", "-s 172.16.0.0/12 -j DROP"])
    let accepted = forward.filter { $0.hasSuffix("ACCEPT") }
    #expect(
      accepted == [
        "-i lan -o vine9 -d 172.16.0.0/12 -j ACCEPT", "-i vine9 -o lan -d 172.16.0.0/12 -j ACCEPT",
      ])
    #expect(forward.contains("-i lan -j DROP"), "a machine that is no router does not become one")
    rules.isNoRouter = false
    #expect(!rules.rules(of: "VINE-FWD-9").contains("-i lan -j DROP"))
  }

  @Test func `nothing bypasses a queue without a listener`() {
    for chain in ["VINE-IN-9", "VINE-OUT-9", "VINE-FWD-9"] {
      #expect(!rules.rules(of: chain).contains { $0.contains("bypass") || $0.contains("fail-open") })
    }
  }

  @Test func `what is left alone comes before every other rule`() {
    for chain in ["VINE-IN-9", "VINE-OUT-9", "VINE-FWD-9"] {
      #expect(rules.rules(of: chain).prefix(2) == ["-d 172.17.0.0/16 -j RETURN", "-s 172.17.0.0/16 -j RETURN"])
    }
  }
}
