import VineAddress
import VineBase
import VineControl
import VineDataPlane

/// The netfilter rules of one VR: virtual packets of the site's hosts go to NFQUEUE, and every other way for a
/// virtual packet through this machine is closed.
///
/// They fail closed by being rules and not a listener: with the daemon dead the kernel drops what nobody takes
/// from the queue. They are installed at start (replacing what a killed daemon left) and removed at an orderly
/// stop. The xt NFQUEUE target, because not every kernel has nft's `queue` expression.
struct NetfilterRules: Hashable, Sendable {
  let lan: String
  /// The virtual space as the site's hosts write it.
  let space: [Block]
  let queueNumber: UInt16
  /// Parts of the space that belong to something else on this machine.
  let leaveAlone: [Block]
  /// The kernel routes the hosts' packets into the TUN device; and packets come from it.
  var capturesByTun = false
  var injectsByTun = false
  /// This machine is no router: that it forwards for the TUN device opens no other way through it.
  var isNoRouter = false

  private var tun: String { DataPlaneConfiguration.tunName(for: queueNumber) }

  /// Names carry the queue number, so that two VRs in one namespace do not share chains.
  private var capture: String { "VINE-IN-\(queueNumber)" }
  private var output: String { "VINE-OUT-\(queueNumber)" }
  private var forward: String { "VINE-FWD-\(queueNumber)" }

  /// The hooks: table, built-in chain, own chain.
  private var hooks: [(table: String, chain: String, own: String)] {
    [("raw", "PREROUTING", capture), ("raw", "OUTPUT", output), ("filter", "FORWARD", forward)]
  }

  func rules(of chain: String) -> [String] {
    let exceptions = leaveAlone.flatMap { ["-d \($0) -j RETURN", "-s \($0) -j RETURN"] }
    return exceptions + ownRules(of: chain)
  }

  private func ownRules(of chain: String) -> [String] {
    switch chain {
    case capture:
      // From the hosts: everything to or from the virtual space, so that the VR counts what it refuses. From
      // anywhere else no virtual address is believed.
      return space.flatMap(fromTun) + space.flatMap(capturesByTun ? routed : queues) + ["-i lo -j RETURN"]
        + space.flatMap { ["-d \($0) -j DROP", "-s \($0) -j DROP"] }
    case output:
      // Injected packets leave by the site's network untracked; by any other interface they would be a leak.
      return space.flatMap { ["-o \(lan) -s \($0) -j CT --notrack", "-o \(lan) -s \($0) -j ACCEPT"] } + [
        "-o lo -j RETURN"
      ]
        + space.flatMap { ["-s \($0) -j DROP", "! -o \(lan) -d \($0) -j DROP"] }
    default:
      let others = isNoRouter && (capturesByTun || injectsByTun) ? ["-i \(lan) -j DROP", "-i \(tun) -j DROP"] : []
      return space.flatMap(forwarded) + others + space.flatMap { ["-s \($0) -j DROP", "-d \($0) -j DROP"] }
    }
  }

  private func queues(_ block: Block) -> [String] {
    ["-d", "-s"].flatMap { side in
      [
        "-i \(lan) -p tcp \(side) \(block) -j NFQUEUE --queue-num \(queueNumber)",
        "-i \(lan) \(side) \(block) -j NFQUEUE --queue-num \(DataPlaneConfiguration.plainQueue(beside: queueNumber))",
      ]
    }
  }

  /// What hosts send on to the virtual space; the VR judges their source. Untracked, as from a queue.
  private func routed(_ block: Block) -> [String] {
    ["-i \(lan) -d \(block) -j CT --notrack", "-i \(lan) -d \(block) -j ACCEPT"]
  }

  private func fromTun(_ block: Block) -> [String] {
    guard injectsByTun else { return [] }
    return ["-i \(tun) -d \(block) -j CT --notrack", "-i \(tun) -d \(block) -j ACCEPT"]
  }

  private func forwarded(_ block: Block) -> [String] {
    (capturesByTun ? ["-i \(lan) -o \(tun) -d \(block) -j ACCEPT"] : [])
      + (injectsByTun ? ["-i \(tun) -o \(lan) -d \(block) -j ACCEPT"] : [])
  }

  /// Replaces what a killed daemon left, a table at a time and each in one transaction: hosts do not stop sending while
  /// a daemon starts, and without rules for a moment a machine that forwards would send their packets on in clear.
  func install() throws(HostError) {
    let wasThere = hooks.contains { jumps(of: $0) > 0 }
    for table in ["raw", "filter"] {
      let own = hooks.filter { $0.table == table }
      // A chain that is declared is emptied first.
      var lines = ["*\(table)"] + own.map { ":\($0.own) - [0:0]" }
      for hook in own { lines += rules(of: hook.own).map { "-A \(hook.own) \($0)" } }
      for hook in own {
        lines += Array(repeating: "-D \(hook.chain) -j \(hook.own)", count: jumps(of: hook))
        lines.append("-I \(hook.chain) 1 -j \(hook.own)")
      }
      lines += ["COMMIT", ""]
      let outcome = Command.run(
        "iptables-restore", ["--wait", "5", "--noflush"], input: lines.joined(separator: "\n"))
      guard outcome.status == 0 else {
        // What a daemon before this one left keeps the way closed.
        if !wasThere { remove() }
        throw refusal(outcome)
      }
    }
  }

  /// How often a built-in chain leads to the own one.
  private func jumps(of hook: (table: String, chain: String, own: String)) -> Int {
    let listed = Command.run("iptables", ["-w", "5", "-t", hook.table, "-S", hook.chain]).output
    return listed.split(separator: "\n").filter { $0 == "-A \(hook.chain) -j \(hook.own)" }.count
  }

  /// Own chains that are not as they were installed, or that nothing leads to; each with the built-in one that should.
  var missing: [String] {
    hooks.filter { hook in
      guard Command.run("iptables", ["-w", "5", "-t", hook.table, "-C", hook.chain, "-j", hook.own]).status == 0 else {
        return true
      }
      let listed = Command.run("iptables", ["-w", "5", "-t", hook.table, "-S", hook.own]).output
      return listed.split(separator: "\n").filter { $0.hasPrefix("-A") }.count != rules(of: hook.own).count
    }.map { "\($0.table) \($0.chain)" }
  }

  /// Leaves nothing behind; what is not there is no error.
  func remove() {
    for hook in hooks {
      while Command.run("iptables", ["-w", "5", "-t", hook.table, "-D", hook.chain, "-j", hook.own]).status == 0 {}
      _ = Command.run("iptables", ["-w", "5", "-t", hook.table, "-F", hook.own])
      _ = Command.run("iptables", ["-w", "5", "-t", hook.table, "-X", hook.own])
    }
  }

  private func refusal(_ outcome: Command.Outcome) -> HostError {
    let line = outcome.error.split(whereSeparator: \.isNewline).first.map(String.init) ?? "exit \(outcome.status)"
    if outcome.status == 127 || line.contains("No such file or directory") && line.contains("env:") {
      return HostError("iptables is not installed", mend: "apt-get install iptables", .configuration)
    }
    if line.contains("Permission denied") || line.contains("must be root") {
      return HostError("no permission to set netfilter rules", mend: "run as root or with CAP_NET_ADMIN", .permission)
    }
    return HostError(
      "the kernel takes no NFQUEUE rule: \(line)",
      mend: "load xt_NFQUEUE and nfnetlink_queue (modprobe), or use a kernel with them",
      .configuration)
  }
}
