import VineBase

/// A VR's place among the others: several rings, each with all public VRs in an order of its own that everybody
/// computes alike; the neighbours are the VRs beside it in each ring. Together the rings make a random regular graph:
/// few sessions for each VR, short ways, no bottleneck, and whoever dies has several VRs that notice.
///
/// Source: Suresh and others, "Stable and Consistent Membership at Scale with Rapid", USENIX ATC 2018, section 4.1.
/// A limited-VR stands in the rings for itself only: it finds public VRs beside it, and nobody is sent to it.
struct Rings: Sendable {
  private struct Slot: Sendable {
    var distance = UInt64.max
    var place: RecordPlace?
  }

  let own: RecordPlace
  /// Two for each ring: the next, then the one before.
  private var slots: [Slot]
  /// Distinct, in order.
  private(set) var neighbours: [RecordPlace] = []

  init(own: RecordPlace, count: Int) {
    self.own = own
    slots = Array(repeating: Slot(), count: 2 * count)
  }

  func holds(_ place: RecordPlace) -> Bool { neighbours.contains(place) }

  /// A VR may stand in the rings from now on. - Returns: whether the neighbours changed.
  @discardableResult
  mutating func add(_ place: RecordPlace) -> Bool {
    guard Self.offer(place, to: own, &slots) else { return false }
    neighbours = Self.distinct(slots.compactMap(\.place))
    return true
  }

  /// It may not any more. - Returns: whether it was a neighbour, and `fill` is due.
  mutating func remove(_ place: RecordPlace) -> Bool {
    guard holds(place) else { return false }
    slots = Array(repeating: Slot(), count: slots.count)
    neighbours = []
    return true
  }

  /// The neighbours of any VR among `candidates`, as it would find them itself.
  static func neighbours(
    of place: RecordPlace, rings: Int, among candidates: some Sequence<RecordPlace>
  ) -> [RecordPlace] {
    var slots = Array(repeating: Slot(), count: 2 * rings)
    for candidate in candidates { _ = offer(candidate, to: place, &slots) }
    return distinct(slots.compactMap(\.place))
  }

  /// - Returns: whether it came into a slot.
  private static func offer(_ place: RecordPlace, to own: RecordPlace, _ slots: inout [Slot]) -> Bool {
    guard place != own else { return false }
    var isNearer = false
    for ring in 0..<slots.count / 2 {
      let step = position(place, ring) &- position(own, ring)
      if step < slots[2 * ring].distance {
        slots[2 * ring] = Slot(distance: step, place: place)
        isNearer = true
      }
      if 0 &- step < slots[2 * ring + 1].distance {
        slots[2 * ring + 1] = Slot(distance: 0 &- step, place: place)
        isNearer = true
      }
    }
    return isNearer
  }

  private static func position(_ place: RecordPlace, _ ring: Int) -> UInt64 {
    (place.rawValue &+ UInt64(truncatingIfNeeded: ring) &* 0xD1B5_4A32_D192_ED03).mixed
  }

  private static func distinct(_ places: [RecordPlace]) -> [RecordPlace] {
    var distinct: [RecordPlace] = []
    for place in places.sorted() where distinct.last != place { distinct.append(place) }
    return distinct
  }
}
