/// What a service does when it does one thing at a time.
public protocol SequentialSpecification: Sendable {
  associatedtype State: Hashable & Sendable
  associatedtype Operation: Sendable
  associatedtype Answer: Hashable & Sendable

  var initial: State { get }
  /// Carries out one operation.
  func apply(_ operation: Operation, to state: inout State) -> Answer
  /// Operations of different partitions neither see nor hinder one another, so that each partition is judged alone.
  func partition(of operation: Operation) -> Int
}

extension SequentialSpecification {
  public func partition(of operation: Operation) -> Int { 0 }
}

/// One operation as its client saw it.
public struct HistoryItem<Operation: Sendable, Answer: Hashable & Sendable>: Sendable {
  public let operation: Operation
  public let invoked: Int64
  /// nil if the client never heard of it again: it took place at any time since, or never.
  public var returned: (at: Int64, answer: Answer)?

  public init(_ operation: Operation, invoked: Int64, returned: (at: Int64, answer: Answer)? = nil) {
    (self.operation, self.invoked, self.returned) = (operation, invoked, returned)
  }
}

/// Whether a concurrent history could have come of a service that does one thing at a time, each between its invocation
/// and its return (Herlihy, Wing 1990).
///
/// Wing and Gong's search with Lowe's memory of configurations, as in Porcupine: a set of operations that took place
/// and the state they led to is looked at once. Source: Lowe, "Testing for linearizability", 2017.
public struct Linearizability<Specification: SequentialSpecification>: Sendable {
  public typealias Item = HistoryItem<Specification.Operation, Specification.Answer>

  public enum Verdict: Hashable, Sendable {
    case linearizable
    /// - Parameter item: the return, by its place in the history, that no order of the operations explains: the
    ///   latest that the search came to.
    case violated(item: Int)
    /// The search has looked at as many configurations as it may.
    case undecided
  }

  let specification: Specification
  /// Configurations that are looked at before the search gives up: each holds a state, so this bounds the memory.
  let configurationsMax: Int

  public init(_ specification: Specification, configurationsMax: Int = 20_000) {
    (self.specification, self.configurationsMax) = (specification, configurationsMax)
  }

  public func check(_ history: [Item]) -> Verdict {
    var isDecided = true
    let partitions = history.map { specification.partition(of: $0.operation) }
    for partition in Set(partitions).sorted() {
      let places = history.indices.filter { partitions[$0] == partition }
      switch search(places.map { history[$0] }) {
      case .linearizable: break
      case .violated(let item): return .violated(item: places[item])
      case .undecided: isDecided = false
      }
    }
    return isDecided ? .linearizable : .undecided
  }

  private func search(_ items: [Item]) -> Verdict {
    var events = EventList(items)
    var (taken, state) = (BitSet(count: items.count), specification.initial)
    var seen: Set<Configuration> = []
    var path: [(item: Int, before: Specification.State)] = []
    var latest = 0
    var cursor = events.first
    // Returns that are not reached need no explanation; invocations without return may be left over.
    while events.returnsLeft > 0 {
      if let item = events.invocation(cursor) {
        var next = state
        let answer = specification.apply(items[item].operation, to: &next)
        if items[item].returned.map({ $0.answer == answer }) ?? true {
          let configuration = Configuration(taken: taken.with(item), state: next)
          if seen.insert(configuration).inserted {
            guard seen.count <= configurationsMax else { return .undecided }
            path.append((item, state))
            (taken, state) = (configuration.taken, next)
            events.lift(item)
            cursor = events.first
            continue
          }
        }
        cursor = events.after(cursor)
      } else {
        // A return whose operation has not taken place, or the end: the last choice was wrong.
        if let item = events.returning(cursor) { latest = max(latest, events.place(ofReturn: item)) }
        guard let (item, before) = path.popLast() else { return .violated(item: events.item(at: latest)) }
        state = before
        taken = taken.without(item)
        events.unlift(item)
        cursor = events.after(events.place(ofInvocation: item))
      }
    }
    return .linearizable
  }

  private struct Configuration: Hashable {
    let taken: BitSet
    let state: Specification.State
  }
}

private struct BitSet: Hashable {
  private var words: [UInt64]

  init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

  func with(_ item: Int) -> BitSet {
    var set = self
    set.words[item / 64] |= 1 << UInt64(item % 64)
    return set
  }

  func without(_ item: Int) -> BitSet {
    var set = self
    set.words[item / 64] &= ~(1 << UInt64(item % 64))
    return set
  }
}

/// Invocations and returns in the order of time, as a list from which an operation is lifted and to which it comes
/// back. Of one time, invocations come first: operations that touch overlap.
private struct EventList {
  private enum Kind { case head, invocation(Int), returning(Int), end }

  private var kinds: [Kind] = [.head]
  private var next: [Int] = []
  private var previous: [Int] = []
  /// Places of an item's invocation and return in the list.
  private var invocations: [Int]
  private var returns: [Int?]
  private(set) var returnsLeft = 0

  init<Operation, Answer>(_ items: [HistoryItem<Operation, Answer>]) {
    var events: [(at: Int64, isReturn: Bool, item: Int)] = []
    for (item, entry) in items.enumerated() {
      events.append((entry.invoked, false, item))
      if let returned = entry.returned { events.append((returned.at, true, item)) }
    }
    events.sort { left, right in
      if left.at != right.at { return left.at < right.at }
      return left.isReturn != right.isReturn ? right.isReturn : left.item < right.item
    }
    invocations = [Int](repeating: 0, count: items.count)
    returns = [Int?](repeating: nil, count: items.count)
    for event in events {
      if event.isReturn {
        returns[event.item] = kinds.count
        returnsLeft += 1
      } else {
        invocations[event.item] = kinds.count
      }
      kinds.append(event.isReturn ? .returning(event.item) : .invocation(event.item))
    }
    kinds.append(.end)
    next = kinds.indices.map { min($0 + 1, kinds.count - 1) }
    previous = kinds.indices.map { max($0 - 1, 0) }
  }

  var first: Int { next[0] }
  func after(_ place: Int) -> Int { next[place] }
  func invocation(_ place: Int) -> Int? { if case .invocation(let item) = kinds[place] { item } else { nil } }
  func returning(_ place: Int) -> Int? { if case .returning(let item) = kinds[place] { item } else { nil } }
  func place(ofInvocation item: Int) -> Int { invocations[item] }
  func place(ofReturn item: Int) -> Int { returns[item] ?? 0 }
  func item(at place: Int) -> Int { returning(place) ?? 0 }

  mutating func lift(_ item: Int) {
    unlink(invocations[item])
    guard let place = returns[item] else { return }
    unlink(place)
    returnsLeft -= 1
  }

  /// In the reverse order of `lift`.
  mutating func unlift(_ item: Int) {
    if let place = returns[item] {
      link(place)
      returnsLeft += 1
    }
    link(invocations[item])
  }

  private mutating func unlink(_ place: Int) {
    next[previous[place]] = next[place]
    previous[next[place]] = previous[place]
  }

  private mutating func link(_ place: Int) {
    next[previous[place]] = place
    previous[next[place]] = place
  }
}
