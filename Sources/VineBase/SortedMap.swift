/// A map whose iteration order is the order of its keys, so that cores may iterate it (a Dictionary's order
/// changes from run to run).
///
/// Two parallel arrays in chunks of at most 128 entries: look-ups O(log n), changes O(√n) in practice, and a copy that
/// is then changed copies one chunk and the list of chunks, so that copies of large maps share most of their memory.
/// Small maps are one chunk. Inlinable, because a generic map that is not specialised costs several times as much.
@frozen
public struct SortedMap<Key: Comparable & Hashable & Sendable, Value: Sendable>: Sendable {
  @frozen @usableFromInline
  struct Chunk: Sendable {
    @usableFromInline var keys: [Key]
    @usableFromInline var values: [Value]

    @inlinable init(keys: [Key], values: [Value]) { (self.keys, self.values) = (keys, values) }

    /// The first position whose key is not less than `key`; the count if there is none.
    @inlinable func position(of key: Key) -> Int {
      var (low, high) = (0, keys.count)
      while low < high {
        let middle = (low + high) / 2
        if keys[middle] < key { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  @usableFromInline static var chunkMax: Int { 128 }

  /// None is empty; in order.
  @usableFromInline var chunks: [Chunk] = []
  @usableFromInline var entryCount = 0
  @inlinable public var count: Int { entryCount }

  @inlinable public init() {}

  @inlinable public var isEmpty: Bool { count == 0 }

  /// In order. For a map of one chunk no copy is made.
  @inlinable public var keys: [Key] {
    if chunks.count == 1 { return chunks[0].keys }
    var keys: [Key] = []
    keys.reserveCapacity(count)
    for chunk in chunks { keys += chunk.keys }
    return keys
  }

  /// In the order of the keys.
  @inlinable public var values: [Value] {
    if chunks.count == 1 { return chunks[0].values }
    var values: [Value] = []
    values.reserveCapacity(count)
    for chunk in chunks { values += chunk.values }
    return values
  }

  @inlinable public var first: (Key, Value)? { chunks.first.map { ($0.keys[0], $0.values[0]) } }
  @inlinable public var firstKey: Key? { chunks.first?.keys[0] }

  @inlinable public subscript(key: Key) -> Value? {
    get {
      guard let (chunk, position) = find(key) else { return nil }
      return chunks[chunk].values[position]
    }
    set {
      guard let newValue else {
        removeValue(forKey: key)
        return
      }
      let (chunk, position, isHeld) = place(of: key)
      if isHeld {
        chunks[chunk].values[position] = newValue
      } else {
        insert(key, newValue, chunk, position)
      }
    }
  }

  /// Changes a value in place; `initial` is stored first where there was none.
  @inlinable public subscript(key: Key, default initial: @autoclosure () -> Value) -> Value {
    get { self[key] ?? initial() }
    _modify {
      var (chunk, position, isHeld) = place(of: key)
      if !isHeld {
        insert(key, initial(), chunk, position)
        (chunk, position, isHeld) = place(of: key)
      }
      yield &chunks[chunk].values[position]
    }
  }

  /// Changes the value of `key` in place, if there is one.
  @inlinable public mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
    guard let (chunk, position) = find(key) else { return nil }
    return change(&chunks[chunk].values[position])
  }

  @inlinable
  @discardableResult
  public mutating func removeValue(forKey key: Key) -> Value? {
    guard let (chunk, position) = find(key) else { return nil }
    entryCount -= 1
    if chunks[chunk].keys.count == 1 { return chunks.remove(at: chunk).values[0] }
    chunks[chunk].keys.remove(at: position)
    let value = chunks[chunk].values.remove(at: position)
    if chunks[chunk].keys.count < Self.chunkMax / 8 { join(chunk) }
    return value
  }

  @inlinable public mutating func removeAll() {
    chunks = []
    entryCount = 0
  }

  // MARK: Neighbours

  /// The entry with the greatest key that is `key` or before it.
  @inlinable public func last(notAfter key: Key) -> (Key, Value)? {
    let (chunk, position, isHeld) = place(of: key)
    if isHeld { return (chunks[chunk].keys[position], chunks[chunk].values[position]) }
    // The place is in the last chunk that begins before the key, so what is before it is in the same chunk.
    guard position > 0 else { return nil }
    return (chunks[chunk].keys[position - 1], chunks[chunk].values[position - 1])
  }

  /// The entry with the least key that is `key` or behind it.
  @inlinable public func first(notBefore key: Key) -> (Key, Value)? {
    var iterator = makeIterator(from: key)
    return iterator.next()
  }

  /// Goes through the entries from `key` on, the key included.
  @inlinable public func makeIterator(from key: Key) -> Iterator {
    var (chunk, position, _) = place(of: key)
    if chunk < chunks.count, position == chunks[chunk].keys.count { (chunk, position) = (chunk + 1, 0) }
    return Iterator(chunks: chunks, chunk: chunk, position: position)
  }

  // MARK: Places

  @inlinable func find(_ key: Key) -> (chunk: Int, position: Int)? {
    let (chunk, position, isHeld) = place(of: key)
    return isHeld ? (chunk, position) : nil
  }

  /// Where the key is, or where it would be put in.
  @inlinable func place(of key: Key) -> (chunk: Int, position: Int, isHeld: Bool) {
    // The last chunk that begins at or before the key.
    var (low, high) = (0, chunks.count)
    while low < high {
      let middle = (low + high) / 2
      if key < chunks[middle].keys[0] { high = middle } else { low = middle + 1 }
    }
    let chunk = low > 0 ? low - 1 : 0
    guard chunk < chunks.count else { return (0, 0, false) }
    let position = chunks[chunk].position(of: key)
    return (chunk, position, position < chunks[chunk].keys.count && chunks[chunk].keys[position] == key)
  }

  @inlinable mutating func insert(_ key: Key, _ value: Value, _ chunk: Int, _ position: Int) {
    entryCount += 1
    guard !chunks.isEmpty else { return chunks.append(Chunk(keys: [key], values: [value])) }
    var (chunk, position) = (chunk, position)
    if chunks[chunk].keys.count == Self.chunkMax {
      // Keys that come in order fill chunks; others are split in the middle, and neither half keeps room for a whole.
      let isLast = chunk == chunks.count - 1 && position == Self.chunkMax
      if isLast { return chunks.append(Chunk(keys: [key], values: [value])) }
      let (cut, whole) = (Self.chunkMax / 2, chunks[chunk])
      chunks[chunk] = Chunk(keys: Array(whole.keys[..<cut]), values: Array(whole.values[..<cut]))
      chunks.insert(Chunk(keys: Array(whole.keys[cut...]), values: Array(whole.values[cut...])), at: chunk + 1)
      if position > cut { (chunk, position) = (chunk + 1, position - cut) }
    }
    chunks[chunk].keys.insert(key, at: position)
    chunks[chunk].values.insert(value, at: position)
  }

  /// Puts a chunk that is nearly empty to a neighbour that has room for it.
  @inlinable mutating func join(_ chunk: Int) {
    for first in [chunk - 1, chunk] where first >= 0 && first + 1 < chunks.count {
      guard chunks[first].keys.count + chunks[first + 1].keys.count <= Self.chunkMax / 2 else { continue }
      let rest = chunks.remove(at: first + 1)
      chunks[first].keys += rest.keys
      chunks[first].values += rest.values
      return
    }
  }
}

extension SortedMap: Sequence {
  /// Goes through the pairs in the order of their keys.
  @frozen
  public struct Iterator: IteratorProtocol {
    @usableFromInline let chunks: [Chunk]
    @usableFromInline var chunk: Int
    @usableFromInline var position: Int

    @inlinable init(chunks: [Chunk], chunk: Int = 0, position: Int = 0) {
      (self.chunks, self.chunk, self.position) = (chunks, chunk, position)
    }

    @inlinable public mutating func next() -> (Key, Value)? {
      guard chunk < chunks.count else { return nil }
      let pair = (chunks[chunk].keys[position], chunks[chunk].values[position])
      position += 1
      if position == chunks[chunk].keys.count { (chunk, position) = (chunk + 1, 0) }
      return pair
    }
  }

  @inlinable public func makeIterator() -> Iterator { Iterator(chunks: chunks) }
  @inlinable public var underestimatedCount: Int { count }
}

extension SortedMap: Equatable where Value: Equatable {
  /// How the entries are cut into chunks tells of the past, not of the content.
  @inlinable public static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
  }
}

extension SortedMap: Hashable where Value: Hashable {
  @inlinable public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for (key, value) in self {
      hasher.combine(key)
      hasher.combine(value)
    }
  }
}

extension SortedMap: ExpressibleByDictionaryLiteral {
  /// A later pair replaces an earlier one with the same key.
  @inlinable public init(dictionaryLiteral elements: (Key, Value)...) {
    for (key, value) in elements { self[key] = value }
  }
}
