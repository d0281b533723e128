import VineBase

/// A VR as this one sees it.
public struct Member: Hashable, Sendable {
  public let node: NodeID
  public internal(set) var state: MemberState
  public internal(set) var incarnation: UInt64
  /// Public: others can begin sessions with it.
  public internal(set) var isPublic: Bool
  /// Since when in this state.
  public internal(set) var since: Instant
}

/// All VRs that signed records tell of, this one among them.
struct Members: Sendable {
  private(set) var table: SortedMap<RecordPlace, Member> = [:]
  /// Public VRs that are not dead.
  private(set) var publicCount = 0
  private(set) var deadCount = 0

  subscript(place: RecordPlace) -> Member? { table[place] }

  var count: Int { table.count }

  mutating func set(_ place: RecordPlace, _ member: Member) {
    if let known = table[place] { tally(known, -1) }
    table[place] = member
    tally(member, 1)
  }

  mutating func remove(_ place: RecordPlace) {
    if let known = table.removeValue(forKey: place) { tally(known, -1) }
  }

  private mutating func tally(_ member: Member, _ change: Int) {
    if member.state == .dead { deadCount += change } else if member.isPublic { publicCount += change }
  }
}
