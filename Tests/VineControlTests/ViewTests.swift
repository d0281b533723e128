import Foundation
import Testing
import VineControl

@Suite struct ViewTests {
  @Test func `every view survives its document`() throws {
    try expectRoundTrip(Figure3.atUF)
    try expectRoundTrip(Figure3.atPU)
    try expectRoundTrip(Figure3.peers)
    try expectRoundTrip(Figure3.vines)
    try expectRoundTrip(Figure3.gndt)
    try expectRoundTrip(Figure3.lndt)
    try expectRoundTrip(Figure3.blocks)
    try expectRoundTrip(Figure3.voters)
    try expectRoundTrip(Figure3.links)
    try expectRoundTrip(Figure3.relay)
    try expectRoundTrip(Figure3.queues)
    try expectRoundTrip(Figure3.certs)
    try expectRoundTrip(Figure3.drops)
    try expectRoundTrip(Figure3.map)
    try expectRoundTrip(InvitationAnswer(token: "vine1abc", site: "pu", hosts: 20, expiresUnixSeconds: 9))
    try expectRoundTrip(JoinResult(site: "pu", block: "b", meshID: "m", meshName: "demo", nextCommand: "n"))
  }

  @Test func `a document names its schema beside the view's own keys`() throws {
    let text = String(decoding: try VineAnswer(name: "physics", networkId: 1).document(), as: UTF8.self)
    #expect(text == #"{"name":"physics","networkId":1,"schema":"vine-mesh.vine/1"}"#)
  }

  @Test func `what is not known is left out`() throws {
    let text = String(decoding: try Figure3.links.document(), as: UTF8.self)
    #expect(text.contains(#"{"bandwidthMbps":17.5,"from":"uf","to":"nwu"}"#))
    #expect(!text.contains("null"))
  }

  @Test func `a key of a later version is ignored`() throws {
    let later = Data(#"{"name":"physics","networkId":1,"colour":"red","schema":"vine-mesh.vine/1"}"#.utf8)
    #expect(try VineAnswer.read(later) == VineAnswer(name: "physics", networkId: 1))
  }

  @Test(arguments: [
    #"{"name":"physics","networkId":1}"#, #"{"name":"physics","networkId":1,"schema":"vine-mesh.vine/2"}"#,
    #"{"name":"physics","schema":"vine-mesh.vine/1"}"#, "[]", "", "{", "\u{0}",
  ])
  func `a document of another schema or shape is refused`(text: String) {
    #expect(throws: DecodingError.self) { try VineAnswer.read(Data(text.utf8)) }
  }

  @Test func `the error document has the keys of the contract`() throws {
    let view = ErrorView(error: "unknown ViNe physics", mend: "vine-mesh vine list", exitCode: .failed)
    let text = String(decoding: try view.document(), as: UTF8.self)
    #expect(
      text
        == #"{"error":"unknown ViNe physics","exitCode":1,"mend":"vine-mesh vine list","schema":"vine-mesh.error/1"}"#)
  }

  @Test func `an error is one line whatever its parts hold`() {
    #expect(ControlError("a\nb", mend: "c\r\nd").line == "a b: c d")
    #expect(ControlError("a", mend: "").line == "a")
  }

  @Test func `exit codes are those that scripts rely on`() {
    #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 3, 4, 5, 64, 77, 78])
  }

  @Test func `each path can be moved by itself`() {
    let moved = PathOverrides(state: "/srv/state").paths(mesh: "demo")
    let wanted = MeshPaths(
      configuration: "/etc/vine-mesh/demo/config.yaml", state: "/srv/state", socket: "/run/vine-mesh/demo.sock")
    #expect(moved == wanted)
  }

  private func expectRoundTrip<Content: View>(
    _ view: Content, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let document = try view.document()
    #expect(try Content.read(document) == view, sourceLocation: sourceLocation)
    #expect(try view.document() == document, "equal views are equal bytes", sourceLocation: sourceLocation)
  }
}
