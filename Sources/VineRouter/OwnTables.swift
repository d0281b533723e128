import VineAddress
import VineBase
import VineRouting

/// What this VR derived for itself and told others: the state behind `Router+Tables`.
struct OwnTables: Sendable {
  /// What the registry says of this VR: its blocks, and the ViNes it takes part in.
  struct Part: Hashable, Sendable {
    let blocks: [Block]
    let networks: [NetworkID]
  }

  /// What the forwarding table in use was made of; nil until there is one.
  var part: Part?
  /// That table.
  var forwarding: ForwardingTable?
  /// The blocks whose gateway addresses the machine was told to have; nil until it was.
  var gateways: [Block]?
  var announcements = Announcements()
  /// Of every ViNe of the mesh.
  var history: SortedMap<NetworkID, TableHistory> = [:]
}

/// When this VR tells which tables it derived, so that one change does not make a thousand VRs speak a thousand times:
/// once the tables are quiet for a while that grows with the number of those who would speak, and no more often.
struct Announcements: Sendable {
  /// A tenth of a second for ten participants, ten seconds for a thousand: a hundred announcements a second in a ViNe.
  static let quietPerParticipant = Duration.milliseconds(10)
  static let quietMin = Duration.milliseconds(100)
  /// Operators wait no longer than that, however large the ViNe.
  static let quietMax = Duration.seconds(30)
  /// Tables that never become quiet are announced after this many times the quiet time.
  static let patience = 4

  private(set) var due: Instant?
  private var firstChange: Instant?
  private var last: Instant?

  var nextWakeup: Wakeup? { due.map { Wakeup(at: $0, reason: "announce the tables") } }

  static func quiet(participants: Int) -> Duration {
    min(max(quietPerParticipant * participants, quietMin), quietMax)
  }

  /// Tables differ from what was announced last, and just changed.
  mutating func changed(participants: Int, at now: Instant, _ random: inout RandomSource) {
    let quiet = Self.quiet(participants: participants)
    let first = firstChange ?? now
    firstChange = first
    // Half a quiet time at least, and one by the mean; not everybody at once.
    var at = min(now + quiet / 2 + random.jitter(quiet), first + quiet * Self.patience)
    if let last { at = max(at, last + quiet) }
    due = at
  }

  /// What was announced last is true again, or the newest tables were just announced.
  mutating func settled() { (due, firstChange) = (nil, nil) }

  mutating func announced(at now: Instant) {
    settled()
    last = now
  }

  func isDue(at now: Instant) -> Bool { due.map { $0 <= now } ?? false }
}
