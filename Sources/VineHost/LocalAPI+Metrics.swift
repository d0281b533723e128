import VineControl
import VineDataPlane
import VineRouting

/// Metrics in Prometheus' text format.
struct MetricsText {
  enum Kind: String { case counter, gauge }

  private(set) var lines: [String] = []

  /// - Parameters:
  ///   - help: nil for a metric that goes with the one before.
  ///   - samples: labels as they are written, `{site="pu"}` or nothing, with their values.
  mutating func add(
    _ name: String, _ kind: Kind, _ help: String?, samples: [(labels: String, value: any CustomStringConvertible)]
  ) {
    if let help { lines.append("# HELP \(name) \(help)") }
    lines.append("# TYPE \(name) \(kind)")
    lines += samples.map { "\(name)\($0.labels) \($0.value)" }
  }

  mutating func add(_ name: String, _ kind: Kind, _ help: String?, value: any CustomStringConvertible) {
    add(name, kind, help, samples: [("", value)])
  }

  var text: String { lines.joined(separator: "\n") + "\n" }
}

extension LocalAPI {
  func metrics() async -> String {
    let context = await context()
    var metrics = MetricsText()
    metrics.add(context.dataPlane)
    // This VR's own links; what is not known of one is left out.
    metrics.add(
      await loop.look { router in router.linksView(context).links.filter { $0.from == router.identity.site } })
    return metrics.text
  }
}

extension MetricsText {
  mutating func add(_ status: DataPlaneStatus) {
    add(
      "vine_drops_total", .counter, "Packets and frames dropped, by reason.",
      samples: status.drops.map { ("{reason=\"\($0.0.name)\"}", $0.1) })
    for (name, help, traffic) in [
      ("captured", "Packets that hosts sent into the virtual space.", status.captured),
      ("injected", "Packets handed to hosts.", status.injected),
      ("sent", "Virtual packets sent to other VRs.", status.sent),
      ("received", "Virtual packets received from other VRs.", status.received),
      ("relayed", "Frames passed on for others.", status.relayed),
    ] {
      add("vine_\(name)_packets_total", .counter, help, value: traffic.packets)
      add("vine_\(name)_bytes_total", .counter, nil, value: traffic.bytes)
    }
    for (name, help, value:count) in [
      ("queued", "Frames handed in for limited-VRs without a channel.", status.relay.queued),
      ("forwarded", "Of these, sent on in order.", status.relay.forwarded),
      ("expired", "Of these, dropped because they were too old.", status.relay.expired),
      ("overflow", "Of these, dropped because a limit was reached.", status.relay.overflow),
    ] {
      add("vine_queue_\(name)_frames_total", .counter, help, value: count)
    }
    add("vine_queue_bytes", .gauge, "Bytes that wait for limited-VRs.", value: status.relay.bytes.bytes)
    if let kernel = status.netfilterQueue {
      add(
        "vine_kernel_dropped_packets_total", .counter, "Packets that the kernel dropped before the VR saw them.",
        value: kernel.dropped)
    }
  }

  mutating func add(_ links: [LinkLine]) {
    let gauges: [(name: String, help: String, value: (LinkLine) -> Double?)] = [
      ("rtt_milliseconds", "Round trip to the VR of a site.", { $0.rttMs }),
      ("loss_percent", "Questions to the VR of a site that stayed without answer.", { $0.lossPercent }),
      ("out_mbps", "What the link to a site carries from here.", { $0.outMbps }),
      ("in_mbps", "What the link to a site carries to here.", { $0.inMbps }),
    ]
    for gauge in gauges {
      add(
        "vine_link_\(gauge.name)", .gauge, gauge.help,
        samples: links.compactMap { link in
          gauge.value(link).map { ("{site=\"\(link.to)\",path=\"\(link.path?.rawValue ?? "none")\"}", $0) }
        })
    }
  }
}
