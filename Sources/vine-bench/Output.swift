import Foundation

enum Output {
  static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    write(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
