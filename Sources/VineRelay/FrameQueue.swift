import VineBase

/// Frames of one limited-VR with the instant each came; first in, first out, appending and removing in amortised O(1).
struct FrameQueue: Sendable {
  private struct Entry {
    let frame: [UInt8]
    let since: Instant
  }

  /// Slots before `head` are emptied and given back once they are half of the array.
  private var entries: [Entry?] = []
  private var head = 0
  private(set) var bytes = ByteCount.zero

  var count: Int { entries.count - head }
  var isEmpty: Bool { count == 0 }

  /// When the oldest frame came.
  var oldest: Instant? { first?.since }

  /// Size of the oldest frame in bytes.
  var firstCount: Int? { first?.frame.count }

  mutating func append(_ frame: [UInt8], at now: Instant) {
    entries.append(Entry(frame: frame, since: now))
    bytes += ByteCount(frame.count)
  }

  mutating func removeFirst() -> [UInt8]? {
    guard let entry = first else { return nil }
    entries[head] = nil
    head += 1
    bytes -= ByteCount(entry.frame.count)
    if head > entries.count / 2 {
      entries.removeFirst(head)
      head = 0
    }
    return entry.frame
  }

  /// Drops the frames that came at `deadline` or before.
  /// - Parameter freed: grows by their bytes.
  /// - Returns: how many.
  mutating func dropFrames(keptUntil deadline: Instant, _ freed: inout ByteCount) -> Int {
    var dropped = 0
    while let oldest, oldest <= deadline, let frame = removeFirst() {
      freed += ByteCount(frame.count)
      dropped += 1
    }
    return dropped
  }

  private var first: Entry? { head < entries.count ? entries[head] : nil }
}
