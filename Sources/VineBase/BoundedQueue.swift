/// First in, first out, never more than `capacity` elements: appending to a full queue drops the oldest.
///
/// Takes memory for what it has held at most, so that a short queue is cheap to copy.
public struct BoundedQueue<Element: Sendable>: Sendable {
  private var ring: [Element?] = []
  private var head = 0
  public private(set) var count = 0
  public let capacity: Int

  public init(capacity: Int) {
    precondition(capacity > 0, "a queue of capacity zero holds nothing")
    self.capacity = capacity
  }

  public var isEmpty: Bool { count == 0 }

  /// - Returns: the oldest element if it had to go.
  @discardableResult
  public mutating func append(_ element: Element) -> Element? {
    let evicted = count == capacity ? removeFirst() : nil
    if count < ring.count {
      ring[(head + count) % ring.count] = element
    } else {
      if head > 0 { (ring, head) = (Array(ring[head...] + ring[..<head]), 0) }
      ring.append(element)
    }
    count += 1
    return evicted
  }

  @discardableResult
  public mutating func removeFirst() -> Element? {
    guard count > 0, let element = ring[head] else { return nil }
    ring[head] = nil
    head = (head + 1) % ring.count
    count -= 1
    return element
  }

  /// Oldest first.
  public var elements: [Element] { (0..<count).compactMap { ring[(head + $0) % ring.count] } }
}
