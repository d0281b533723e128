/// What is to happen when, earliest first; of one time in the order in which it was added.
///
/// As `EventQueue`, for events of any shape: a world of a few voters has hundreds of them, not millions.
struct Agenda<Event: Sendable>: Sendable {
  private struct Entry: Sendable {
    let at: Int64
    let order: UInt64
    let event: Event
  }

  private var heap: [Entry] = []
  private var added: UInt64 = 0

  var next: Int64? { heap.first?.at }

  mutating func add(_ event: Event, at time: Int64) {
    added += 1
    heap.append(Entry(at: time, order: added, event: event))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func removeFirst() -> (at: Int64, event: Event)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return (first.at, first.event) }
    heap[0] = last
    var parent = 0
    while 2 * parent + 1 < heap.count {
      let (left, right) = (2 * parent + 1, 2 * parent + 2)
      let child = right < heap.count && precedes(right, left) ? right : left
      guard precedes(child, parent) else { break }
      heap.swapAt(parent, child)
      parent = child
    }
    return (first.at, first.event)
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    heap[left].at != heap[right].at ? heap[left].at < heap[right].at : heap[left].order < heap[right].order
  }
}
