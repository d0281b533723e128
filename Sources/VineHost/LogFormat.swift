import Foundation
import Logging
import Synchronization

/// How much is logged; can be changed while loggers are in use.
public final class LogLevel: Sendable {
  private let current: Mutex<Logger.Level>

  public init(_ level: Logger.Level) { current = Mutex(level) }

  public var value: Logger.Level {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }
}

/// One line an event on standard error: RFC 3339 UTC, level, message, key=value.
public struct LineLogHandler: LogHandler {
  public var metadata: Logger.Metadata = [:]
  private let level: LogLevel

  public init(level: LogLevel) { self.level = level }

  public var logLevel: Logger.Level {
    get { level.value }
    set { level.value = newValue }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let pairs = all.keys.sorted().compactMap { key in all[key].map { " \(key)=\($0)" } }.joined()
    let stamp = Date().formatted(.iso8601)
    let line = "\(stamp) \(event.level) \(event.message)\(pairs)\n"
    FileHandle.standardError.write(Data(line.utf8))
  }
}
