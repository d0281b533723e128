/// Times fit round trips of 20 to 300 ms; sizes fit messages into one datagram.
public struct RaftSettings: Hashable, Sendable {
  /// An election starts after one to two of these without a leader. Two round trips of 300 ms fit. Of four followers
  /// the first starts after 840 ms in the mean, so that a group is without a leader for less than a second.
  public var electionTimeout = Duration.milliseconds(700)
  /// While something is not answered: four may be lost before anybody minds.
  public var heartbeatInterval = Duration.milliseconds(140)
  /// While all is answered. A follower that misses two asks for votes at worst, which no other gives.
  public var idleInterval = Duration.milliseconds(280)
  /// A follower that was not heard for so long is asked to answer: every other idle heartbeat…
  var answerPatience: Duration { idleInterval * 3 / 2 }
  /// …and one that does not answer is sent all that it may have missed.
  var silence: Duration { idleInterval * 5 / 2 }
  /// A follower that confirms nothing for so long is sent all again from there: a round trip of 300 ms fits.
  var stallPatience: Duration { electionTimeout / 2 }
  /// A leader that has not heard a quorum for so long steps down (thesis 6.2).
  public var quorumPatience: Duration { electionTimeout * 2 }

  /// A command's size; a longer one is refused. With its framing it fits one message.
  public var commandMax = 900
  /// The entries of one message; a single entry may be larger.
  public var entriesByteCountMax = 960
  /// A snapshot's share of one message.
  public var chunkByteCountMax = 960
  /// Messages and bytes on their way to one follower: 32 fill a path of 2 Mbit/s and 130 ms.
  public var inflightMax = 32
  public var inflightByteCountMax = 32 << 10
  /// Bytes of entries that are proposed and not committed; beyond it proposals are refused, so that a leader without
  /// a quorum keeps its memory.
  public var uncommittedByteCountMax = 1 << 20
  /// Reads that wait for a quorum; beyond it they are refused.
  public var readsMax = 1024
  /// Entries that are kept behind a snapshot: a follower that is a little late needs no snapshot.
  public var entriesKept = 512
  /// The state of a snapshot that a follower takes; 1000 sites need a hundredth of it.
  public var snapshotByteCountMax = 32 << 20

  public init() {}
}
