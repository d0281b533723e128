import VineAddress

/// A second barrier behind the netfilter rules: for a moment without them, a machine that forwards finds no way for virtual
/// packets but this one, which swallows them. Captured packets never get so far, and the own blocks' routes go before it.
struct SpaceBarrier: Sendable {
  /// Worse than any other route; one for each VR of a machine, told apart by its queue.
  private static let metric: UInt32 = 4_000_000_000

  /// The virtual space as the site's hosts write it.
  let space: [Block]
  let queueNumber: UInt16

  /// What a daemon before this one left is the same route.
  func install() { change("replace") }

  func remove() { change("del") }

  private func change(_ verb: String) {
    for block in space {
      let metric = "\(Self.metric + UInt32(queueNumber))"
      _ = Command.run("ip", ["route", verb, "blackhole", block.description, "metric", metric])
    }
  }
}
