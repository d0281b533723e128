import Foundation

enum Output {
  static func print(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
  }
}

/// A bar on standard error while somebody looks at it.
final class Progress {
  private let total: Int
  private var done = 0
  private let isSeen = isatty(FileHandle.standardError.fileDescriptor) == 1

  init(total: Int) { self.total = total }

  func step(_ what: String) {
    done += 1
    guard isSeen else { return }
    let filled = total > 0 ? 30 * done / total : 30
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
    FileHandle.standardError.write(Data("\r[\(bar)] \(done)/\(total) \(what)\u{1B}[K".utf8))
  }

  func end() {
    if isSeen { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }
}
