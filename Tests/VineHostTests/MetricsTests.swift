import Foundation
import Testing
import VineControl
import VineRouting

@testable import VineDataPlane
@testable import VineHost

@Suite struct MetricsTests {
  @Test func `a metric is its help, its kind and a line for each sample`() {
    var metrics = MetricsText()
    metrics.add("vine_a_total", .counter, "What it counts.", samples: [("{reason=\"x\"}", 3), ("{reason=\"y\"}", 0)])
    metrics.add("vine_b", .gauge, "Another.", value: 1.5)
    #expect(
      metrics.text == """
        # HELP vine_a_total What it counts.
        # TYPE vine_a_total counter
        vine_a_total{reason="x"} 3
        vine_a_total{reason="y"} 0
        # HELP vine_b Another.
        # TYPE vine_b gauge
        vine_b 1.5

        """)
  }

  @Test func `of a link what is not known is left out`() {
    var metrics = MetricsText()
    metrics.add([
      LinkLine(from: "uf", to: "pu", path: .direct, rttMs: 6.5, inMbps: 20), LinkLine(from: "uf", to: "nwu"),
    ])
    let samples = metrics.lines.filter { !$0.hasPrefix("#") }
    #expect(
      samples == [
        "vine_link_rtt_milliseconds{site=\"pu\",path=\"direct\"} 6.5",
        "vine_link_in_mbps{site=\"pu\",path=\"direct\"} 20.0",
      ])
  }
}

@Suite struct MetricsReferenceTests {
  /// Everything that there can be.
  private var everything: MetricsText {
    let traffic = Traffic(packets: 1, bytes: 2)
    let dataPlane = DataPlaneStatus(
      drops: DropReason.allCases.map { ($0, 1) }, peers: [], channels: [], queues: [], relay: .init(), relayed: traffic,
      captured: traffic, injected: traffic, sent: traffic, received: traffic,
      netfilterQueue: NetfilterQueueStatus(waiting: 0, queueDropped: 1, socketDropped: 2))
    let status = StatusView(
      mesh: MeshLine(name: "demo", meshId: "0", space: "172.16.0.0/12"), site: "uf", node: "a",
      softwareVersion: "0.1.0",
      uptimeSeconds: 1, role: .limited, roleReason: "", endpoints: [], vrs: VRCounts(known: 3, up: 2, suspect: 1),
      consensus: ConsensusLine(
        state: .follower, term: 1, voters: 3, votersUp: 2, quorum: 2, hasQuorum: true),
      ownBlocks: [OwnBlock(block: "172.16.0.0/24", gateway: "172.16.0.1", hosts: 4, hostsMax: 253)], vines: [],
      queueVR: QueueVRLine(site: "nwu", node: "b", connected: true, sinceSeconds: 1), drops: [],
      certificate: CertificateLine(daysLeft: 1, expiresUnixSeconds: 86_400), convergence: Convergence(converged: true),
      health: [HealthLine(level: .warning, text: "a")])
    let link = LinkLine(from: "uf", to: "pu", path: .direct, rttMs: 6.5, lossPercent: 1, outMbps: 10, inMbps: 20)
    return MetricsText(dataPlane, status, [link], events: [.memberChanged: 2])
  }

  @Test func `each metric is documented as it is: name, type, labels, meaning`() throws {
    let lines = everything.lines
    let rows = try tableRows("docs/reference/metrics.md")
    for row in rows {
      let (name, type, labels, meaning) = (row[0], row[1], row[2], row[4])
      let isTyped = lines.contains("# TYPE \(name) \(type)")
      #expect(isTyped, "\(name) \(type)")
      let isMeant = lines.contains("# HELP \(name) \(meaning)")
      #expect(isMeant, "\(name) is not: \(meaning)")
      let sample = try #require(lines.first { $0.hasPrefix("\(name){") || $0.hasPrefix("\(name) ") }, "\(name)")
      let told = sample.matches(of: /([a-z]+)="/).map { String($0.1) }.joined(separator: ", ")
      #expect(told == labels, "\(name)")
    }
    let names = lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
    #expect(names.sorted() == rows.map { $0[0] }.sorted())
  }

  @Test(arguments: ["vine-mesh.rules.yml", "vine-mesh.rules.test.yml", "vine-mesh.dashboard.json"])
  func `dashboard and alert rules ask for metrics that there are`(file: String) throws {
    let known = Set(try tableRows("docs/reference/metrics.md").map { $0[0] })
    let used = Set(try documentText("packaging/monitoring/\(file)").matches(of: /\bvine_[a-z_]+/).map { String($0.0) })
    #expect(used.count >= 5)
    #expect(used.subtracting(known).isEmpty, "\(used.subtracting(known).sorted())")
  }

  @Test func `the dashboard is JSON whose panels all ask for something`() throws {
    let text = try documentText("packaging/monitoring/vine-mesh.dashboard.json")
    let board = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let panels = try #require(board["panels"] as? [[String: Any]])
    #expect(panels.count >= 8)
    for panel in panels {
      let targets = try #require(panel["targets"] as? [[String: Any]])
      #expect(targets.allSatisfy { ($0["expr"] as? String)?.contains("vine_") == true }, "\(panel["title"] ?? "")")
    }
  }
}
