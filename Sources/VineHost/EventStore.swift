import Synchronization
import VineBase
import VineControl

/// The newest events, numbered.
struct EventRing: Sendable {
  /// The oldest goes beyond that: some hundred kilobytes, and a day of a mesh at work.
  static let countMax = 1024

  private var events = BoundedQueue<EventLine>(capacity: countMax)
  private(set) var lastSequence: UInt64 = 0
  /// Since the daemon's start, by kind, forgotten ones included; those that never happened are missing.
  private(set) var counts: [EventKind: UInt64] = [:]

  mutating func add(_ kind: EventKind, _ message: String, _ fields: [String: String], unixSeconds: Double) {
    lastSequence += 1
    counts[kind, default: 0] += 1
    events.append(
      EventLine(
        sequence: lastSequence, unixSeconds: unixSeconds, event: kind.rawValue, level: kind.level, message: message,
        fields: fields))
  }

  func view(_ query: EventsQuery) -> EventsView {
    // Numbers begin anew with each daemon: who has seen more than there is has seen another one's.
    let after = query.after.map { $0 > lastSequence ? 0 : $0 } ?? 0
    // Who waits looks ten times a second, mostly in vain.
    guard after < lastSequence else { return EventsView(events: [], lastSequence: lastSequence, forgotten: 0) }
    let all = events.elements
    let oldest = all.first?.sequence ?? 1
    let forgotten = query.after == nil ? 0 : oldest - 1 > after ? oldest - 1 - after : 0
    return EventsView(
      events: all.filter { $0.sequence > after && query.takes($0) }, lastSequence: lastSequence, forgotten: forgotten)
  }
}

/// The ring behind a lock: both threads and tasks tell, requests of the local API read.
final class EventStore: Sendable {
  private let ring = Mutex(EventRing())
  /// How often somebody who waits looks: a follower costs ten looks a second, and a daemon that ends waits for nobody.
  private static let pause = Duration.milliseconds(100)

  var counts: [EventKind: UInt64] { ring.withLock { $0.counts } }

  func add(_ kind: EventKind, _ message: String, _ fields: [String: String], unixSeconds: Double) {
    ring.withLock { $0.add(kind, message, fields, unixSeconds: unixSeconds) }
  }

  /// What there is; if that is nothing, what comes within `query.waitSeconds`.
  func answer(_ query: EventsQuery) async -> EventsView {
    let end = Clock.now + .seconds(query.waitSeconds)
    while true {
      let view = ring.withLock { $0.view(query) }
      guard view.events.isEmpty, Clock.now < end, (try? await Task.sleep(for: Self.pause)) != nil else { return view }
    }
  }
}
