/// Times and counts of gossip. docs/decisions/0016 has the reasons, `vine-sim figures` the measurements.
public struct GossipSettings: Hashable, Sendable {
  // MARK: Neighbours

  /// Rings over all public VRs; a VR's neighbours are the two beside it in each. Five give every VR at most ten
  /// neighbours and the mesh no bottleneck (Rapid, Suresh and others 2018, section 4.1, uses ten).
  public var rings = 5
  /// A peer that probed within this time is a neighbour, too: a limited-VR, or a VR that sees other rings.
  public var probedByFor = Duration.seconds(45)
  /// A dead VR is tried again about this often, by each VR that chances on it: after a partition the sides meet.
  public var contactInterval = Duration.seconds(30)

  // MARK: Failure detector

  /// One neighbour is probed in each; more often by a VR with more than `2 × rings` neighbours.
  public var probeInterval = Duration.milliseconds(1150)
  /// And in each of these, for so long after a comparison of stores that differed: probes carry roots.
  public var restlessInterval = Duration.milliseconds(700)
  public var restlessFor = Duration.seconds(8)
  /// Between the tries of one probe. Times (1 + local health).
  public var probeTimeout = Duration.milliseconds(250)
  /// How many others are asked.
  public var indirectProbes = 3
  /// A suspicion that enough others confirmed ends after this × log10(VRs), at least `suspicionMin`…
  public var suspicionBase = Duration.milliseconds(1330)
  public var suspicionMin = Duration.seconds(2)
  /// …and one that nobody confirmed after this many times as long (Lifeguard, "Dynamic Suspicion").
  public var suspicionPatience = 6
  /// Confirmations by others that end a suspicion early.
  public var confirmations = 3
  /// Lifeguard's local health goes from 0 to this.
  public var healthMax = 8
  /// A wakeup later than this means that this VR itself was held up.
  public var latenessMax = Duration.milliseconds(400)
  /// Neighbours that a suspicion, and a verdict, is passed on to.
  public var suspicionFanOut = 5
  public var verdictFanOut = 2

  // MARK: Spreading records

  /// Neighbours that get a fresh record whole; its author sends one more.
  public var eagerFanOut = 2
  /// Neighbours that get its digest; all of them where many datagrams are lost.
  public var lazyFanOut = 5
  /// Between two rounds of pushing while there are fresh records.
  public var pushInterval = Duration.milliseconds(40)
  /// Records pushed whole in one round; of others the digest goes.
  public var eagerMax = 32
  /// A record that was announced is asked for after this: it may be on its way.
  public var pullDelay = Duration.milliseconds(120)
  /// What was asked for is asked for again, of other VRs that have it, when an answer is overdue by the round trips of
  /// this VR's probes, which is within these bounds; as long as there are none, after this.
  public var answerTimeout = Duration.milliseconds(300)
  public var answerTimeoutMin = Duration.milliseconds(100)
  public var answerTimeoutMax = Duration.milliseconds(600)
  /// Tries until anti-entropy is left to find it.
  public var pullTriesMax = 8
  /// Records asked for and not yet there; about 100 kB on the way.
  public var pullWindow = 256

  // MARK: Anti-entropy

  /// Neighbours whose roots differ compare their stores when nothing new came for this long…
  public var quiet = Duration.milliseconds(800)
  /// …and, while news keep coming, after this long.
  public var syncBusy = Duration.seconds(4)
  /// A VR that has just come compares as soon as this after the last time, for so long.
  public var syncYoung = Duration.milliseconds(500)
  public var youth = Duration.seconds(15)
  /// Whatever probes said, a VR compares its store with a neighbour's this often, and as much later by chance.
  public var syncInterval = Duration.seconds(20)
  /// After differences were found, and after a neighbour came.
  public var syncSoon = Duration.seconds(1)
  /// Branches compared at a time.
  public var compareWindow = 32
  /// Records of one comparison that are announced to the peer.
  public var announcedMax = 512

  /// A message as encoded stays below this.
  public var messageByteCountMax = 1000

  public init() {}
}
