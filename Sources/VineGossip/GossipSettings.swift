/// Times and counts of gossip; the defaults follow SWIM and memberlist's LAN/WAN middle.
public struct GossipSettings: Hashable, Sendable {
  /// One member is probed in each.
  public var probeInterval = Duration.seconds(1)
  /// Without an ack by then, others are asked to try.
  public var probeTimeout = Duration.milliseconds(400)
  /// How many others are asked.
  public var indirectProbes = 3
  /// A suspect is declared dead after this × log10(members + 10).
  public var suspicionBase = Duration.seconds(4)
  /// Between two rounds of pushing while there are fresh records.
  public var pushInterval = Duration.milliseconds(100)
  /// Peers that get fresh records in a round.
  public var fanOut = 3
  /// Rounds that a fresh record is pushed in: this × log2(peers + 2) / 2, at least 1.
  public var pushFactor = 2
  /// Two VRs compare their stores this often, whatever was pushed (anti-entropy).
  public var syncInterval = Duration.seconds(3)
  /// A message as encoded stays below this.
  public var messageByteCountMax = 1000
  /// Member updates that ride on a probe.
  public var updatesMax = 6

  public init() {}
}
