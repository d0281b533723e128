import VineRaft

/// Faults of the shell around a Raft core that others really had.
struct ShellFlaws: OptionSet, Hashable, Sendable {
  let rawValue: UInt32

  /// A VR that lost its disk goes on under the name of the store that it lost.
  static let keepsStoreAfterLoss = ShellFlaws(rawValue: 1 << 0)
  /// What a crash left half written is read as if it were whole.
  static let acceptsTornTail = ShellFlaws(rawValue: 1 << 1)
  /// Whoever has an empty store and hears nobody founds a group of its own.
  static let joinerFounds = ShellFlaws(rawValue: 1 << 2)
  /// A failed sync is tried again, and says that all is well: what it should have written is gone.
  static let retriesSync = ShellFlaws(rawValue: 1 << 3)
  /// A snapshot lacks the outcomes by which a repeated proposal is recognised.
  static let snapshotForgetsOutcomes = ShellFlaws(rawValue: 1 << 5)
  /// What comes behind a write is carried out before it.
  static let sendsBeforeSync = ShellFlaws(rawValue: 1 << 6)
  /// A follower answers reads from its own state.
  static let followerReads = ShellFlaws(rawValue: 1 << 7)
  /// A command is answered when the leader has it in its log, not when it is decided.
  static let answersBeforeCommit = ShellFlaws(rawValue: 1 << 8)
  /// A store is put back from yesterday's backup, under its old name.
  static let restoresBackup = ShellFlaws(rawValue: 1 << 9)
}

/// A historic bug that can be switched on by name.
public struct ConsensusBug: Sendable {
  public let name: String
  public let summary: String
  let flaws: RaftFlaws
  let shell: ShellFlaws

  private init(_ name: String, _ summary: String, _ flaws: RaftFlaws = [], _ shell: ShellFlaws = []) {
    (self.name, self.summary, self.flaws, self.shell) = (name, summary, flaws, shell)
  }

  public static func named(_ name: String) -> ConsensusBug? { all.first { $0.name == name } }

  public static let all: [ConsensusBug] = [
    ConsensusBug("unpersisted-vote", "a vote is given before it is durable", .unpersistedVote),
    ConsensusBug("unpersisted-term", "a higher term is adopted and not made durable", .unpersistedTerm),
    ConsensusBug(
      "single-server-change", "voters change one by one before a commit in the own term (Ongaro 2015)",
      .singleServerChange),
    ConsensusBug("lease-read", "a leader answers reads by its clock", .leaseRead),
    ConsensusBug("figure-8", "an older term's entry is committed by counting", .commitsOlderTerms),
    ConsensusBug("counts-unsynced", "a leader counts itself for what is not on its disk", .countsUnsynced),
    ConsensusBug(
      "configuration-once-committed", "a configuration is in force once it is committed", .configurationOnceCommitted),
    ConsensusBug("no-check-quorum", "a leader without a quorum leads on", .noCheckQuorum),
    ConsensusBug(
      "ignores-unapplied", "after a restart, configurations of the log wait until they are applied", .ignoresUnapplied),
    ConsensusBug("snapshot-overwrites", "a late snapshot replaces a newer state", .snapshotOverwrites),
    ConsensusBug("acks-before-persist", "entries are acknowledged before they are durable", .acksBeforePersist),
    ConsensusBug("votes-for-shorter-log", "a vote goes to whoever asks first", .votesForShorterLog),
    ConsensusBug(
      "keeps-cut-configuration", "a configuration stays in force when its entry is cut off", .keepsCutConfiguration),
    ConsensusBug("commits-uncompared", "a follower commits to the end of its log", .commitsUncompared),
    ConsensusBug("one-majority", "in a joint configuration the new majority is enough", .oneMajority),
    ConsensusBug(
      "lost-disk-double-vote", "a VR that lost its disk keeps its store's name, and takes its mail",
      .takesOthersMail, .keepsStoreAfterLoss),
    ConsensusBug("torn-tail", "what a crash left half written is read as whole", [], .acceptsTornTail),
    ConsensusBug("two-bootstraps", "a joiner that hears nobody founds a group", [], .joinerFounds),
    ConsensusBug("fsync-retried", "a failed sync is tried again and believed", [], .retriesSync),
    ConsensusBug("follower-reads", "a follower answers reads from its own state", [], .followerReads),
    ConsensusBug(
      "snapshot-forgets-outcomes", "a repeated proposal is carried out again after a snapshot", [],
      .snapshotForgetsOutcomes),
    ConsensusBug("sends-before-sync", "messages leave before the write that they speak of", [], .sendsBeforeSync),
    ConsensusBug("answers-before-commit", "a command is answered before it is decided", [], .answersBeforeCommit),
    ConsensusBug("old-backup", "a store comes back from a backup under its old name", [], .restoresBackup),
  ]
}
