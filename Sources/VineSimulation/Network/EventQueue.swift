import VineBase

/// What is to happen when, earliest first; events of one time in the order in which they were added.
///
/// A binary heap of small plain values. Frames wait beside it, so that moving entries counts no references.
struct EventQueue: Sendable {
  struct Entry: Sendable {
    let at: Int64
    let order: UInt64
    let kind: EventKind
    /// The VR concerned.
    let index: Int32
    /// The frame, in `Frames`, or what else the kind needs.
    let detail: Int32
  }

  private var heap: [Entry] = []
  private var added: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }
  var next: Int64? { heap.first?.at }
  var count: Int { heap.count }

  mutating func add(_ kind: EventKind, at: Int64, index: Int, detail: Int = 0) {
    added += 1
    heap.append(
      Entry(
        at: at, order: added, kind: kind, index: Int32(truncatingIfNeeded: index),
        detail: Int32(truncatingIfNeeded: detail)))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Self.precedes(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func removeFirst() -> Entry? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      let (left, right) = (2 * parent + 1, 2 * parent + 2)
      guard left < heap.count else { return first }
      let child = right < heap.count && Self.precedes(heap[right], heap[left]) ? right : left
      guard Self.precedes(heap[child], heap[parent]) else { return first }
      heap.swapAt(parent, child)
      parent = child
    }
  }

  private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
    left.at != right.at ? left.at < right.at : left.order < right.order
  }
}

enum EventKind: UInt8, Sendable {
  /// A VR's own timer.
  case wakeup = 1
  /// A datagram arrives.
  case datagram = 2
  /// A record arrives on a TCP channel.
  case record = 3
  case channelOpened = 4
  case channelAccepted = 5
  case channelClosed = 6
  /// A train of frames has come in.
  case train = 11
  /// The disk has what was written.
  case synced = 7
  case start = 8
  /// A stalled process runs again.
  case resume = 9
  case join = 10
}
