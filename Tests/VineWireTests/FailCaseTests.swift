import Foundation
import Testing

@Suite struct FailCaseTests {
  /// Inputs that once broke something, and hostile ones made by hand, under Fuzz/FailCases/<target>/.
  @Test(arguments: Door.all.map(\.name))
  func `no committed input of the fuzz targets breaks its door`(name: String) throws {
    let door = try #require(Door.all.first { $0.name == name })
    let files = try FileManager.default.contentsOfDirectory(
      at: folder.appending(path: name), includingPropertiesForKeys: nil)
    #expect(!files.isEmpty, "Fuzz/FailCases/\(name) has no input")
    for file in files {
      #expect(door.complaint([UInt8](try Data(contentsOf: file))) == nil, "\(file.lastPathComponent)")
    }
  }

  private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fuzz/FailCases")
}
