import CLinuxShim
import Foundation
import Glibc
import VineAddress
import VineBase
import VineControl
import VineDataPlane

/// The machine that the VR runs on.
extension Doctor {
  func examineMachine(_ known: Knowledge, _ context: ViewContext) -> [Finding] {
    [overlap(known), netfilter, capture, dataPath(context), routing, processors, mtu, clock, disk].compactMap(\.self)
  }

  private func overlap(_ known: Knowledge) -> Finding {
    do throws(HostError) {
      try Machine.checkOverlap(
        space: space, lan: lan, own: known.blocks + known.coveredBlocks, leaveAlone: configuration.leaveAlone)
      let seen = space.blocks.map(\.description).joined(separator: ", ")
      return Finding("space", .ok, "no other route of this machine lies in the virtual space", evidence: seen)
    } catch {
      return Finding("space", .error, error.message, mend: error.mend)
    }
  }

  private var netfilter: Finding {
    let missing = rules.missing
    guard !missing.isEmpty else { return Finding("rules", .ok, "the VR's netfilter rules are all there") }
    return Finding(
      "rules", .error, "netfilter rules of the VR are gone", evidence: missing.joined(separator: ", "),
      mend: "restart vine-meshd, and find who flushes rules")
  }

  private var capture: Finding? {
    guard configuration.dataPlane.capture == .nfqueue else { return nil }
    let path = NetfilterQueueFile.path
    guard FileManager.default.fileExists(atPath: path) else {
      return Finding(
        "capture", .error, "the kernel has no NFQUEUE", evidence: "\(path) is missing", mend: "modprobe nfnetlink_queue"
      )
    }
    guard NetfilterQueueFile.isReadable else {
      return Finding(
        "capture", .notice, "the kernel tells only root whether it dropped packets that the VR was too slow for",
        evidence: "\(path) is not readable", mend: "as root: cat /proc/net/netfilter/nfnetlink_queue")
    }
    let wanted = [configuration.queueNumber, DataPlaneConfiguration.plainQueue(beside: configuration.queueNumber)]
    let queues = wanted.map { (number: $0, status: NetfilterQueueFile.status(of: $0)) }
    let missing = queues.filter { $0.status == nil }
    guard missing.isEmpty else {
      return Finding(
        "capture", .error, "nobody listens to NFQUEUE \(missing.map(\.number.description).joined(separator: " and "))",
        mend: "restart vine-meshd")
    }
    let dropped = queues.compactMap(\.status?.dropped).reduce(0, &+)
    guard dropped == 0 else {
      return Finding(
        "capture", .warning, "the kernel dropped \(dropped) packets that the VR was too slow for",
        mend: "give the VR more processor time")
    }
    return Finding(
      "capture", .ok, "NFQUEUE hands over packets",
      evidence: "queues \(wanted.map(String.init).joined(separator: ", "))")
  }

  private func dataPath(_ context: ViewContext) -> Finding {
    let means = context.means
    return Finding(
      "capture", .ok, "packets go by \(means.capture)", evidence: "\(means.injection); \(means.cryptography)")
  }

  /// With NFQUEUE the kernel does not route virtual packets; with a TUN device it does.
  private var routing: Finding? {
    guard configuration.dataPlane.capture == .tun || configuration.dataPlane.injection == .tun else { return nil }
    let tun = DataPlaneConfiguration.tunName(for: configuration.queueNumber)
    let wrong = [(tun, "forwarding", 1), (lan, "forwarding", 1), ("all", "rp_filter", 0), (tun, "rp_filter", 0)].filter
    {
      setting($1, of: $0) != $2
    }
    guard !wrong.isEmpty else { return Finding("routing", .ok, "the kernel forwards between \(lan) and \(tun)") }
    return Finding(
      "routing", .warning, "the kernel does not pass all packets between \(lan) and \(tun)",
      mend: wrong.map { "sysctl net.ipv4.conf.\($0.0).\($0.1)=\($0.2)" }.joined(separator: "; "))
  }

  private func setting(_ name: String, of interface: String) -> Int? {
    number("/proc/sys/net/ipv4/conf/\(interface)/\(name)")
  }

  private func number(_ path: String) -> Int? {
    (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
      Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Whether the data thread may go before other programs while bulk is on the way: this thread tries.
  private var processors: Finding {
    let count = ProcessInfo.processInfo.activeProcessorCount
    guard count > 1 else {
      return Finding(
        "processors", .notice, "there is one processor: beside busy programs packets wait for it",
        evidence: "see decision 0025")
    }
    guard vine_go_first(1) == 0 else {
      return Finding(
        "processors", .notice, "the VR may not go before other programs: beside busy ones packets wait",
        evidence: String(cString: vine_error_text(errno)), mend: "give vine-meshd CAP_SYS_NICE")
    }
    _ = vine_go_first(0)
    return Finding(
      "processors", .ok, "the VR goes before other programs while bulk is on the way", evidence: "\(count) processors")
  }

  private var mtu: Finding {
    guard let mtu = number("/sys/class/net/\(lan)/mtu") else {
      return Finding(
        "mtu", .error, "the interface \(lan) is gone", mend: "ip link show; set `lan` in the configuration")
    }
    guard mtu >= 1500 else {
      return Finding("mtu", .notice, "the site's network takes no more than \(mtu) bytes a packet", evidence: lan)
    }
    return Finding("mtu", .ok, "the site's network takes packets of \(mtu) bytes", evidence: lan)
  }

  private var clock: Finding {
    let error = vine_clock_error()
    guard error >= 0 else {
      return Finding(
        "clock", .notice, "the kernel does not know whether the clock is right; certificates and invitations go by it",
        mend: "timedatectl set-ntp true, or install chrony")
    }
    return Finding("clock", .ok, "the clock is kept by NTP", evidence: "at most \(error) ms off")
  }

  private var disk: Finding {
    guard let facts = try? FileManager.default.attributesOfFileSystem(forPath: state),
      let free = (facts[.systemFreeSize] as? NSNumber)?.uint64Value
    else {
      return Finding("disk", .error, "the state folder can't be looked at", evidence: state, mend: "check \(state)")
    }
    let evidence = "\(free >> 20) MiB free at \(state)"
    if access(state, W_OK) != 0 {
      return Finding(
        "disk", .error, "the state folder can't be written", evidence: String(cString: vine_error_text(errno)),
        mend: "mount its file system for writing, or give it back to vine-meshd's user")
    }
    if free < 50 << 20 {
      return Finding(
        "disk", .error, "the disk is full: what the VR decides can't be kept", evidence: evidence, mend: "make room")
    }
    if free < 500 << 20 {
      return Finding("disk", .warning, "the disk is nearly full", evidence: evidence, mend: "make room")
    }
    return Finding("disk", .ok, "there is room for the state", evidence: evidence)
  }
}
