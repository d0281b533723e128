import CLinuxShim
import Glibc
import VineBase
import VineControl

/// Sees that somebody else flushed or changed the VR's netfilter rules, and installs them again: without them the site's hosts
/// send nothing, until then into `SpaceBarrier`.
struct RulesWatch: Sendable {
  /// How often the kernel's news are read,
  private static let interval = Duration.milliseconds(250)
  /// and the rules looked at without any: tables of the old kind bring none.
  private static let roundsBetweenLooks = 60

  let rules: NetfilterRules
  let log: EventLog

  /// Until cancelled.
  func run() async {
    let news = NetfilterNews()
    var rounds = 0
    while (try? await Task.sleep(for: Self.interval)) != nil {
      rounds += 1
      guard news?.came() ?? false || rounds.isMultiple(of: Self.roundsBetweenLooks) else { continue }
      look()
    }
  }

  private func look() {
    let missing = rules.missing
    guard !missing.isEmpty else { return }
    do throws(HostError) {
      try rules.install()
      log.tell(
        .rulesRestored, "netfilter rules were gone, and are installed again",
        ["chains": missing.joined(separator: ", "), "mend": "see what else sets rules on this machine"])
    } catch {
      log.tell(.rulesMissing, "netfilter rules are gone: \(error.line)")
    }
  }
}

/// The kernel's word that a table of netfilter changed.
private final class NetfilterNews: Sendable {
  private let descriptor: Int32

  /// - Returns: nil where the kernel does not tell.
  init?() {
    descriptor = vine_netfilter_news_open()
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Whether anything changed since the last time.
  func came() -> Bool { vine_netfilter_news_came(descriptor) != 0 }
}
