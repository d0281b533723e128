import Foundation

/// Events that the daemon remembers, oldest first. `GET /v1/events`.
public struct EventsView: View {
  public static let name = "events"

  public var events: [EventLine]
  /// Of the newest event of all, also where it was not asked for; ask for what comes `after` it.
  public var lastSequence: UInt64
  /// Events that were asked for and are forgotten already.
  public var forgotten: UInt64

  public init(events: [EventLine], lastSequence: UInt64, forgotten: UInt64) {
    self.events = events
    self.lastSequence = lastSequence
    self.forgotten = forgotten
  }
}

/// One event; alone it is a document of `vine-mesh events --json`.
public struct EventLine: View {
  public static let name = "event"

  /// Counts from 1 at the daemon's start.
  public var sequence: UInt64
  /// With milliseconds.
  public var unixSeconds: Double
  /// The event's id, see `EventKind`; a text, so that a client reads events of a newer daemon.
  public var event: String
  public var level: EventLevel
  /// For people; may change.
  public var message: String
  /// For programs: `node`, `site` and others.
  public var fields: [String: String]

  public init(
    sequence: UInt64, unixSeconds: Double, event: String, level: EventLevel, message: String, fields: [String: String]
  ) {
    self.sequence = sequence
    self.unixSeconds = unixSeconds
    self.event = event
    self.level = level
    self.message = message
    self.fields = fields
  }

  /// One line for people: time in UTC, level, id, message.
  public func line(_ palette: Palette) -> String {
    let time = Date(timeIntervalSince1970: unixSeconds).formatted(.iso8601)
    let level = self.level.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
    let tint: Tint =
      switch self.level {
      case .error: .bad
      case .warning: .caution
      default: .plain
      }
    return
      "\(time) \(palette.paint(level, tint)) \(event.padding(toLength: max(22, event.utf8.count), withPad: " ", startingAt: 0)) \(message)"
  }
}

/// Which events are asked for: the query of `GET /v1/events`.
public struct EventsQuery: Hashable, Sendable {
  /// Only newer ones. More than the newest there is means that the daemon was started since: all are.
  public var after: UInt64?
  /// Only those since this time.
  public var sinceUnixSeconds: Double?
  /// Ids, or what is before an id's dot; empty for all.
  public var kinds: [String] = []
  /// This level and what is worse.
  public var level = EventLevel.debug
  /// How long to wait for one, if there is none yet; at most `waitSecondsMax`.
  public var waitSeconds: Double = 0

  /// Proxies and clients take a connection for dead that is silent for longer.
  public static let waitSecondsMax: Double = 30

  public init() {}

  /// As names and values of a URL's query.
  public var items: [(name: String, value: String)] {
    var items: [(String, String)] = []
    if let after { items.append(("after", "\(after)")) }
    if let sinceUnixSeconds { items.append(("since", "\(sinceUnixSeconds)")) }
    items += kinds.map { ("kind", $0) }
    if level != .debug { items.append(("level", level.rawValue)) }
    if waitSeconds > 0 { items.append(("wait", "\(waitSeconds)")) }
    return items
  }

  /// - Throws: `QueryError` for a name or a value that is none.
  public init(_ items: [(name: String, value: String)]) throws(QueryError) {
    for (name, value) in items {
      switch name {
      case "after":
        guard let number = UInt64(value) else { throw QueryError(name: name, value: value) }
        after = number
      case "since":
        guard let time = Double(value), time.isFinite else { throw QueryError(name: name, value: value) }
        sinceUnixSeconds = time
      case "kind":
        guard Self.isKind(value) else { throw QueryError(name: name, value: value) }
        kinds.append(value)
      case "level":
        guard let level = EventLevel(rawValue: value) else { throw QueryError(name: name, value: value) }
        self.level = level
      case "wait":
        guard let seconds = Double(value), seconds >= 0, seconds <= Self.waitSecondsMax else {
          throw QueryError(name: name, value: value)
        }
        waitSeconds = seconds
      default: throw QueryError(name: name, value: value)
      }
    }
  }

  /// Whether any event can be of that kind.
  public static func isKind(_ text: String) -> Bool {
    EventKind.allCases.contains { $0.rawValue == text || $0.rawValue.hasPrefix(text + ".") }
  }

  /// Whether an event is asked for, apart from its sequence.
  public func takes(_ event: EventLine) -> Bool {
    event.level >= level && event.unixSeconds >= sinceUnixSeconds ?? -.infinity
      && (kinds.isEmpty || kinds.contains { event.event == $0 || event.event.hasPrefix($0 + ".") })
  }

  public struct QueryError: Error, Hashable {
    public let name: String
    public let value: String
  }
}
