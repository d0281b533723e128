import Foundation
import Logging

/// One line an event on standard error: RFC 3339 UTC, level, message, key=value.
public struct LineLogHandler: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level

  public init(level: Logger.Level) { logLevel = level }

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
