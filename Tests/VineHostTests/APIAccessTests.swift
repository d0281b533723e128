import Foundation
import Testing
import VineControl

@testable import VineHost

@Suite struct APIAccessTests {
  @Test func `both groups are read, and each may be left out`() throws {
    let both = try Configuration.parse("api: {adminGroup: wheel, readGroup: users}\n", file: "c.yaml").api
    #expect(both.adminGroup == "wheel")
    #expect(both.readGroup == "users")
    let none = try Configuration.parse("api: {}\n", file: "c.yaml").api
    #expect(none == APIAccess())
  }

  @Test(arguments: ["api: root", "api: {admins: root}", "api: {adminGroup: ''}", "api: {readGroup: [root]}"])
  func `anything else is refused with its place`(text: String) {
    let error = #expect(throws: HostError.self) { try Configuration.parse(text, file: "c.yaml") }
    #expect(error?.message.hasPrefix("c.yaml:1:") == true)
    #expect(error?.exitCode == ExitStatus.configuration.rawValue)
  }

  @Test func `a group that the machine has is found, and another one is told with its mend`() throws {
    var access = APIAccess()
    access.adminGroup = "root"
    #expect(try access.groups().admin == 0)
    access.readGroup = "no-such-group"
    let error = #expect(throws: HostError.self) { try access.groups() }
    #expect(error?.mend == "groupadd --system no-such-group")
  }

  @Test(arguments: [
    ("/run/vine-mesh/demo.sock", "/run/vine-mesh/demo.read.sock"), ("/tmp/control", "/tmp/control.read.sock"),
  ])
  func `the socket for looking is beside the other`(socket: String, reading: String) {
    #expect(MeshPaths.readingSocket(of: socket) == reading)
  }

  @Test func `what changes of these needs a restart`() throws {
    let changed = try Configuration.parse("api: {readGroup: a}\ndashboard: 127.0.0.1:80\n", file: "c.yaml")
    #expect(Reload.Changes(from: Configuration(), to: changed).waiting == ["api", "dashboard"])
  }
}
