import VineControl
import VineDataPlane
import VineRouting

/// Metrics in Prometheus' text format.
struct MetricsText {
  enum Kind: String { case counter, gauge }

  private(set) var lines: [String] = []

  init() {}

  /// - Parameters:
  ///   - samples: labels as they are written, `{site="pu"}` or nothing, with their values.
  mutating func add(
    _ name: String, _ kind: Kind, _ help: String, samples: [(labels: String, value: any CustomStringConvertible)]
  ) {
    lines.append("# HELP \(name) \(help)")
    lines.append("# TYPE \(name) \(kind)")
    lines += samples.map { "\(name)\($0.labels) \($0.value)" }
  }

  mutating func add(_ name: String, _ kind: Kind, _ help: String, value: any CustomStringConvertible) {
    add(name, kind, help, samples: [("", value)])
  }

  var text: String { lines.joined(separator: "\n") + "\n" }
}

extension LocalAPI {
  func metrics() async -> String {
    let context = await context()
    let (status, links) = await loop.look { router in
      // This VR's own links.
      (router.statusView(context), router.linksView(context).links.filter { $0.from == router.identity.site })
    }
    return MetricsText(context.dataPlane, status, links, events: events.counts).text
  }
}

extension MetricsText {
  /// All that `/metrics` has; docs/reference/metrics.md has a line for each.
  /// - Parameters:
  ///   - links: what is not known of one is left out.
  ///   - events: kinds that are missing are 0.
  init(_ dataPlane: DataPlaneStatus, _ status: StatusView, _ links: [LinkLine], events: [EventKind: UInt64]) {
    add(status)
    add(dataPlane)
    add(links)
    add(
      "vine_events_total", .counter, "Events since the daemon's start, by id.",
      samples: EventKind.allCases.filter { $0.level > .debug }.map { kind in
        ("{event=\"\(kind.rawValue)\",level=\"\(kind.level.rawValue)\"}", events[kind] ?? 0)
      })
  }

  mutating func add(_ status: StatusView) {
    func flag(_ value: Bool) -> Int { value ? 1 : 0 }
    add(
      "vine_info", .gauge, "Always 1; who this VR is.",
      samples: [
        ("{mesh=\"\(status.mesh.name)\",site=\"\(status.site)\",version=\"\(status.softwareVersion)\"}", 1)
      ])
    let gauges: [(name: String, help: String, value: any CustomStringConvertible)] = [
      ("uptime_seconds", "Since the daemon's start.", status.uptimeSeconds),
      ("public", "1 if others reach this VR by themselves, 0 if it needs a queue-VR.", flag(status.role == .public)),
      ("vrs_known", "VRs of the mesh, this one included.", status.vrs.known),
      ("vrs_up", "Of these, those that are up in gossip's judgement.", status.vrs.up),
      ("vrs_suspect", "Of these, those that do not answer right now.", status.vrs.suspect),
      ("voters", "VRs that vote in the registry.", status.consensus.voters),
      ("voters_up", "Of these, those that are up.", status.consensus.votersUp),
      ("has_quorum", "1 while the registry can decide.", flag(status.consensus.hasQuorum)),
      ("converged", "1 while this VR sees the mesh settled.", flag(status.convergence.converged)),
      (
        "unreadable_records", "Records of newer versions of vine-mesh, kept and passed on unread.",
        status.unreadableRecords ?? 0
      ),
      ("hosts", "Hosts of this site in its LNDT.", status.ownBlocks.reduce(0) { $0 + $1.hosts }),
      (
        "certificate_expiry_timestamp_seconds", "When this VR's certificate runs out, in seconds since 1970.",
        status.certificate.expiresUnixSeconds
      ),
      (
        "health_errors", "Lines of `vine-mesh status` that say something does not work.",
        status.health.filter { $0.level == .error }.count
      ),
      (
        "health_warnings", "Lines of `vine-mesh status` that say something needs somebody.",
        status.health.filter { $0.level == .warning }.count
      ),
    ]
    for gauge in gauges { add("vine_\(gauge.name)", .gauge, gauge.help, value: gauge.value) }
    if let queueVR = status.queueVR {
      add(
        "vine_queue_vr_connected", .gauge, "1 while the channel to this limited-VR's queue-VR is open.",
        samples: [("{site=\"\(queueVR.site)\"}", flag(queueVR.connected))])
    }
  }

  mutating func add(_ status: DataPlaneStatus) {
    add(
      "vine_drops_total", .counter, "Packets and frames dropped, by reason.",
      samples: status.drops.map { ("{reason=\"\($0.0.name)\"}", $0.1) })
    for (name, help, traffic) in [
      ("captured", "that hosts sent into the virtual space.", status.captured),
      ("injected", "handed to hosts.", status.injected), ("sent", "sent to other VRs.", status.sent),
      ("received", "received from other VRs.", status.received),
      ("relayed", "passed on for other VRs.", status.relayed),
    ] {
      add("vine_\(name)_packets_total", .counter, "Packets \(help)", value: traffic.packets)
      add("vine_\(name)_bytes_total", .counter, "Bytes of packets \(help)", value: traffic.bytes)
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
