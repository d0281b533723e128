import VineBase

/// What a VR is held for.
public enum MemberState: UInt8, CaseIterable, Hashable, Sendable {
  case alive = 0
  /// Did not answer; may refute.
  case suspect = 1
  case dead = 2
}

/// One VR's word against another, as it is passed on (SWIM 4.2). That a VR is alive is never a rumour: its own
/// signed record with a higher incarnation says it.
public struct Rumour: Hashable, Sendable {
  /// Whom it is about.
  public let subject: RecordPlace
  /// Only against this incarnation.
  public let incarnation: UInt64
  /// Suspect, or dead.
  public let state: MemberState
  /// Whose own probes failed: rumours of different accusers are independent.
  public let accuser: RecordPlace

  public init(subject: RecordPlace, incarnation: UInt64, state: MemberState, accuser: RecordPlace) {
    self.subject = subject
    self.incarnation = incarnation
    self.state = state
    self.accuser = accuser
  }
}

/// A record without its content.
public struct RecordDigest: Hashable, Sendable {
  public let place: RecordPlace
  public let version: RecordVersion
  /// The sender holds the VR of this record for dead.
  public let isDead: Bool

  public init(place: RecordPlace, version: RecordVersion, isDead: Bool = false) {
    self.place = place
    self.version = version
    self.isDead = isDead
  }
}

/// A part of the hash tree: all places whose first `depth` hexadecimal digits are those of `digits`.
public struct TreeBranch: Hashable, Comparable, Sendable {
  /// 0 is the whole store, `depthMax` a single bucket.
  public let depth: UInt8
  /// The digits as a number, below 16 to the power of `depth`.
  public let digits: UInt16

  public static let depthMax: UInt8 = 3
  public static let root = TreeBranch(at: 0, digits: 0)

  /// - Returns: nil for what is no branch.
  public init?(depth: Int, digits: Int) {
    guard (0...Int(Self.depthMax)).contains(depth), (0..<1 << (4 * depth)).contains(digits) else { return nil }
    self.init(at: UInt8(depth), digits: UInt16(digits))
  }

  private init(at depth: UInt8, digits: UInt16) { (self.depth, self.digits) = (depth, digits) }

  /// The sixteen branches below; none below a bucket.
  var children: [TreeBranch] {
    guard depth < Self.depthMax else { return [] }
    return (0..<16).map { TreeBranch(at: depth + 1, digits: digits << 4 | $0) }
  }

  /// The buckets it covers.
  var buckets: Range<Int> {
    let shift = 4 * Int(Self.depthMax - depth)
    return Int(digits) << shift..<(Int(digits) + 1) << shift
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.depth, left.digits) < (right.depth, right.digits)
  }
}

/// What one VR has in a branch where another one has something else.
public struct Difference: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case equal
    /// The hashes of the sixteen branches below.
    case children([UInt64])
    /// All that the branch holds at places from `first` to `last`, both included.
    case records(first: RecordPlace, last: RecordPlace, [RecordDigest])
  }

  public let branch: TreeBranch
  public let content: Content

  public init(branch: TreeBranch, content: Content) {
    self.branch = branch
    self.content = content
  }
}

/// The hash of a branch as the sender has it.
public struct BranchHash: Hashable, Sendable {
  public let branch: TreeBranch
  public let hash: UInt64

  public init(branch: TreeBranch, hash: UInt64) {
    self.branch = branch
    self.hash = hash
  }
}

/// Messages between VRs; each fits one datagram.
public enum GossipMessage: Hashable, Sendable {
  /// Are you there? What is said of the receiver goes with it, so that it can refute; and the root of the sender's
  /// store, so that neighbours notice within seconds that they know different things.
  case ping(sequence: UInt32, root: UInt64, [Rumour])
  /// - Parameter root: none if it is the ping's.
  case ack(sequence: UInt32, root: UInt64?)
  /// Ask the target on my behalf (SWIM 3.1).
  case pingRequest(sequence: UInt32, target: RecordPlace)
  /// I asked and heard nothing: at least I am there (Lifeguard, "Local Health Aware Probe").
  case nack(sequence: UInt32)
  case rumours([Rumour])
  /// Records whole: fresh ones, and those that were asked for.
  case push([SignedRecord])
  /// Fresh records that the sender has and does not push to this receiver.
  case announce([RecordDigest])
  case pull([RecordPlace])
  /// Anti-entropy: what is different in these branches? `count` is the size of the sender's store.
  case compare([BranchHash], count: UInt64)
  case differences([Difference], count: UInt64)
}
