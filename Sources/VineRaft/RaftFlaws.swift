/// Faults that Raft implementations really had, for the simulator to switch on and its checkers to find. Empty
/// wherever a mesh runs; nothing outside this package can set it.
package struct RaftFlaws: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A vote is given before it is durable, and lost in a crash.
  package static let unpersistedVote = RaftFlaws(rawValue: 1 << 0)
  /// A higher term is adopted and not made durable.
  package static let unpersistedTerm = RaftFlaws(rawValue: 1 << 1)
  /// One voter is added or removed without a joint configuration, before a commit in the own term (Ongaro, raft-dev,
  /// July 2015).
  package static let singleServerChange = RaftFlaws(rawValue: 1 << 2)
  /// Replies of an earlier membership count for the present one.
  package static let sharedProgress = RaftFlaws(rawValue: 1 << 3)
  /// A leader answers reads while its clock says that it was heard lately.
  package static let leaseRead = RaftFlaws(rawValue: 1 << 4)
  /// A leader commits an older term's entry by counting (Raft paper, figure 8).
  package static let commitsOlderTerms = RaftFlaws(rawValue: 1 << 5)
  /// A leader counts itself for what it has not on its disk.
  package static let countsUnsynced = RaftFlaws(rawValue: 1 << 6)
  /// A configuration is in force once it is known to be committed.
  package static let configurationOnceCommitted = RaftFlaws(rawValue: 1 << 7)
  /// A leader without a quorum leads on.
  package static let noCheckQuorum = RaftFlaws(rawValue: 1 << 8)
  /// After a restart, configurations of the log are in force once they are applied again; elections do not wait.
  package static let ignoresUnapplied = RaftFlaws(rawValue: 1 << 9)
  /// A late snapshot replaces a newer state.
  package static let snapshotOverwrites = RaftFlaws(rawValue: 1 << 10)
  /// A follower acknowledges entries before they are durable.
  package static let acksBeforePersist = RaftFlaws(rawValue: 1 << 11)
  /// Votes for whoever asks first, whatever its log has.
  package static let votesForShorterLog = RaftFlaws(rawValue: 1 << 12)
  /// A configuration stays in force when its entry is cut off the log.
  package static let keepsCutConfiguration = RaftFlaws(rawValue: 1 << 13)
  /// A follower commits up to the end of its log, not only what the leader compared.
  package static let commitsUncompared = RaftFlaws(rawValue: 1 << 14)
  /// In a joint configuration the majority of the new voters is enough.
  package static let oneMajority = RaftFlaws(rawValue: 1 << 15)
  /// Messages for another store of this VR are taken.
  package static let takesOthersMail = RaftFlaws(rawValue: 1 << 16)
}
