import Testing
import VineControl

@testable import VineHost

@Suite struct MetricsTests {
  @Test func `a metric is its help, its kind and a line for each sample`() {
    var metrics = MetricsText()
    metrics.add("vine_a_total", .counter, "What it counts.", samples: [("{reason=\"x\"}", 3), ("{reason=\"y\"}", 0)])
    metrics.add("vine_b", .gauge, nil, value: 1.5)
    #expect(
      metrics.text == """
        # HELP vine_a_total What it counts.
        # TYPE vine_a_total counter
        vine_a_total{reason="x"} 3
        vine_a_total{reason="y"} 0
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
