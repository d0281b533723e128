import VineBase

extension Raft {
  public enum Input: Sendable {
    /// Commands that come together: one write, one message to each follower. Only a leader takes them.
    case propose([[UInt8]])
    /// Wants to read what is decided by now. Only a leader takes it.
    case read(ReadContext)
    case received(RaftMessage, from: NodeID)
    /// The shell has carried out all writes up to this one.
    case persisted(WriteNumber)
    case wakeup
    /// Only a leader takes it. New voters are caught-up learners: first name them as learners, then as voters.
    case changeConfiguration(voters: [VoterID], learners: [VoterID])
    /// The leader hands over to this voter, or to the one that has most.
    case transfer(to: VoterID?)
    /// The state machine has applied everything up to `through`, and this is its state.
    case compact(through: LogIndex, state: [UInt8])
  }

  /// Carried out in this order.
  ///
  /// A `persist` is durable before any later effect of the batch is carried out: what a follower acknowledges, and a
  /// vote, comes behind the write that it speaks of. What a leader sends comes before its own write, so that both
  /// take place at once: a leader counts itself only after `persisted`. A write that failed is not repeated, and
  /// nothing behind it is carried out: the voter stops.
  public enum Effect: Sendable {
    case persist(Persistence)
    case send(RaftMessage, to: NodeID)
    /// In log order, each entry once since the start or the last `restore`.
    case committed([LogEntry])
    /// The state machine begins anew with this state; `committed` goes on behind its index.
    case restore(Snapshot)
    /// The read may be answered when the state machine has applied this index.
    case readable(ReadContext, LogIndex)
    case role(Role, leader: VoterID?)
    /// Another configuration is in force, or the one in force is now committed.
    case configuration(Configuration, at: LogIndex, isCommitted: Bool)
    /// - Parameter leader: who may take it, as far as this voter knows.
    case refused(Request, Refusal, leader: VoterID?)
  }

  public enum Role: Hashable, Sendable { case follower, preCandidate, candidate, leader }

  public enum Request: Hashable, Sendable {
    case command([UInt8])
    case read(ReadContext)
    case configuration
    case transfer
  }

  public enum Refusal: Hashable, Sendable {
    case notLeader
    /// Another voter is about to lead.
    case transferring
    case commandTooLong(max: Int)
    /// Too much is undecided: a quorum is missing or slow.
    case overloaded
    /// One change at a time (thesis 4.3).
    case changeInFlight
    /// The leader has committed nothing in its term yet: a change may be under way that it knows nothing of.
    case nothingCommittedYet
    case unchanged
    case unsound(Configuration.Fault)
    /// It becomes a voter when it has caught up as a learner.
    case notCaughtUp(VoterID)
    case notAVoter
  }
}

/// Names a read; the shell's.
public struct ReadContext: Hashable, Sendable, RawRepresentable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Collects the effects of one input.
struct Outbox {
  private(set) var effects: [Raft.Effect] = []
  private(set) var nextNumber: WriteNumber

  init(nextNumber: WriteNumber) { self.nextNumber = nextNumber }

  mutating func append(_ effect: Raft.Effect) { effects.append(effect) }

  /// Adds to the write of the batch if nothing depends on its having been carried out by now.
  mutating func persist(_ change: (inout Persistence) -> Void) {
    if let last = effects.lastIndex(where: { !$0.isNews }), case .persist(var write) = effects[last],
      write.entries.isEmpty, write.snapshot == nil
    {
      change(&write)
      effects[last] = .persist(write)
      return
    }
    var write = Persistence(number: nextNumber)
    nextNumber = nextNumber.next
    change(&write)
    effects.append(.persist(write))
  }
}

extension Raft.Effect {
  /// Tells the shell something, and nothing leaves the voter by it.
  fileprivate var isNews: Bool {
    switch self {
    case .role, .configuration: true
    case .persist, .send, .committed, .restore, .readable, .refused: false
    }
  }
}
