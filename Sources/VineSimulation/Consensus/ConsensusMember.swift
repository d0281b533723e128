import VineBase
import VineRaft
import VineRegistry

/// A VR of the simulation: its disk, its clock, and, while it is up, its core and state machine.
struct ConsensusMember: Sendable {
  let node: NodeID
  var store: StoreID
  var disk: SimulatedDisk
  /// nil while it is down.
  var raft: Raft?
  var machine: RegistryMachine
  /// Rises with every start; what an earlier life asked for is void.
  var life = 0
  /// Carried out in this order; the first waits for the disk while `syncing`.
  var effects: [Raft.Effect] = []
  var syncing: Persistence?
  var clock = DriftingClock()
  /// The earliest wakeup that is on the agenda.
  var wakeup: Int64?
  /// Held up until then.
  var stalledUntil: Int64 = 0
  var compactedAt: UInt64 = 0
  /// Clients that wait here for a proposal, and reads that wait for a quorum, or to be applied.
  var waiters: SortedMap<ProposalID, ClientCall> = [:]
  var reads: SortedMap<UInt64, ClientCall> = [:]
  var unapplied: [(index: UInt64, call: ClientCall)] = []
  /// With the flaw of two bootstraps: when it began to wait for somebody, and whether it founded.
  var began: Int64 = 0
  var hasFounded = false

  var voter: VoterID { VoterID(node: node, store: store) }
  var isUp: Bool { raft != nil }
}

/// A clock of its own: up to an hour off, and some parts in a million fast or slow.
struct DriftingClock: Sendable {
  private var base: Int64 = 0
  private var shown: Int64 = 0
  private(set) var partsPerMillion: Int64 = 0

  func local(_ now: Int64) -> Instant {
    let passed = now - base
    return Instant(nanoseconds: shown + passed + passed / 1000 * partsPerMillion / 1000)
  }

  /// When it will show `instant`, or a little later.
  func world(_ instant: Instant) -> Int64 {
    let wanted = instant.nanoseconds - shown
    return base + wanted - wanted / 1000 * partsPerMillion * 1000 / (1_000_000 + partsPerMillion) + 2000
  }

  mutating func setDrift(_ partsPerMillion: Int64, at now: Int64) {
    (shown, base) = (local(now).nanoseconds, now)
    self.partsPerMillion = partsPerMillion
  }

  /// A process that starts reads another clock.
  mutating func restart(at now: Int64, _ random: inout RandomSource) {
    (shown, base) = (random.jitter(.seconds(7200)).inNanoseconds, now)
  }
}

/// A client's request on its way: whose, which, and which try of it.
struct ClientCall: Hashable, Sendable {
  let client: Int
  let operation: Int
}
