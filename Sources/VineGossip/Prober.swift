import VineBase

/// A probe under way (SWIM 3.1), with many tries before anybody is suspected, since a lost datagram is likelier than a
/// dead VR: the target alone, and then by way of other neighbours of the target, too. This VR has no sessions with
/// those in general, so they are called first.
struct Probe: Sendable {
  let sequence: UInt32
  let target: NodeID
  /// Somebody else suspects the target already, so fewer tries and no helpers will do.
  let isConfirming: Bool
  var tries = 1
  let sent: Instant
  /// When the next try is due, or the end.
  var due: Instant
  /// Called, and asked as soon as there is a session.
  var helpers: [NodeID] = []
  var helpersAsked = 0
  var nacks = 0
  /// Tries until the target is accused.
  let triesMax: Int

  /// With this try helpers are called. Later would be too late, earlier costs handshakes where datagrams get lost.
  static let triesBeforeHelp = 4
}

/// A probe made for somebody else.
struct Errand: Sendable {
  let requester: NodeID
  let sequence: UInt32
  let target: NodeID
  /// When the target is asked again, and when the requester is told that it does not answer.
  var due: Instant
  var isSecondTry = false

  static let countMax = 64
}

/// The probes of this VR and its opinion of itself.
struct Prober: Sendable {
  var probes: SortedMap<UInt32, Probe> = [:]
  var errands: SortedMap<UInt32, Errand> = [:]
  /// Neighbours still to be probed in this round, in random order (SWIM 4.3: bounds the time to the first probe).
  var round: [NodeID] = []
  var nextProbe: Instant?
  /// Lifeguard's local health: 0 is well; each point makes this VR more patient with others.
  private(set) var health = 0
  private var sequence: UInt32
  /// Moving average of first tries that stayed without an answer, of `whole`. Of first tries only, or one dead VR would
  /// look like much loss.
  private var unanswered = 0
  private static let whole = 65536
  var roundTrip = RoundTrip()

  init(sequence: UInt32) { self.sequence = sequence }

  mutating func takeSequence() -> UInt32 {
    sequence &+= 1
    return sequence
  }

  /// The first try of a probe was answered, or was not.
  mutating func firstTry(wasAnswered: Bool) { unanswered += ((wasAnswered ? 0 : Self.whole) - unanswered) / 8 }

  /// So many that loss alone makes a false accusation once in some 30,000 probes: 7 while less than a fifth of the tries
  /// go astray, 11 where every fifth datagram is lost. A confirmation is one of several and needs less.
  func triesMax(isConfirming: Bool) -> Int {
    if isConfirming { return 4 }
    // Of the square of `whole`, or nothing would be left of it after a few steps.
    let certain = Self.whole * Self.whole
    var (tries, chance) = (0, certain)
    while tries < 14, tries < 7 || chance > certain / 30_000 {
      (tries, chance) = (tries + 1, chance / Self.whole * unanswered)
    }
    return tries
  }

  /// More than every fifth first try goes unanswered: every ninth datagram is lost, or a neighbour has just died.
  var hasLoss: Bool { unanswered > Self.whole / 5 }

  mutating func feel(_ change: Int, max: Int) { health = Swift.min(Swift.max(0, health + change), max) }

  var due: Instant? {
    var due = nextProbe
    for probe in probes.values { due = due.map { min($0, probe.due) } ?? probe.due }
    for errand in errands.values { due = due.map { min($0, errand.due) } ?? errand.due }
    return due
  }
}
