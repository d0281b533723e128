/// A map whose iteration order is the order of its keys, so that cores may iterate it (a Dictionary's order
/// changes from run to run). An array with binary search: lookups O(log n), insertions O(n), a few thousand
/// entries at most.
public struct SortedMap<Key: Comparable & Hashable & Sendable, Value: Sendable>: Sendable {
  public private(set) var keys: [Key] = []
  public private(set) var values: [Value] = []

  public init() {}

  public var count: Int { keys.count }
  public var isEmpty: Bool { keys.isEmpty }

  public subscript(key: Key) -> Value? {
    get {
      let position = position(of: key)
      return holds(key, at: position) ? values[position] : nil
    }
    set {
      let position = position(of: key)
      switch (holds(key, at: position), newValue) {
      case (true, let value?): values[position] = value
      case (true, nil):
        keys.remove(at: position)
        values.remove(at: position)
      case (false, let value?):
        keys.insert(key, at: position)
        values.insert(value, at: position)
      case (false, nil): break
      }
    }
  }

  /// Changes a value in place; `initial` is stored first where there was none.
  public subscript(key: Key, default initial: @autoclosure () -> Value) -> Value {
    get { self[key] ?? initial() }
    _modify {
      let position = position(of: key)
      if !holds(key, at: position) {
        keys.insert(key, at: position)
        values.insert(initial(), at: position)
      }
      yield &values[position]
    }
  }

  /// Changes the value of `key` in place, if there is one.
  public mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
    let position = position(of: key)
    return holds(key, at: position) ? change(&values[position]) : nil
  }

  @discardableResult
  public mutating func removeValue(forKey key: Key) -> Value? {
    let position = position(of: key)
    guard holds(key, at: position) else { return nil }
    keys.remove(at: position)
    return values.remove(at: position)
  }

  public mutating func removeAll() { (keys, values) = ([], []) }

  /// The first position whose key is not less than `key`; `count` if there is none.
  public func position(of key: Key) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func holds(_ key: Key, at position: Int) -> Bool { position < keys.count && keys[position] == key }
}

extension SortedMap: Sequence {
  public func makeIterator() -> Zip2Sequence<[Key], [Value]>.Iterator { zip(keys, values).makeIterator() }
}

extension SortedMap: Equatable where Value: Equatable {}
extension SortedMap: Hashable where Value: Hashable {}

extension SortedMap: ExpressibleByDictionaryLiteral {
  /// A later pair replaces an earlier one with the same key.
  public init(dictionaryLiteral elements: (Key, Value)...) {
    for (key, value) in elements { self[key] = value }
  }
}
