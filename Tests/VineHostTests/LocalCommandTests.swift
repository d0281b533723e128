import Foundation
import Testing
import VineAddress
import VineBase
import VineRouter

@testable import VineHost

@Suite struct LocalCommandTests {
  private func read(_ name: String, _ body: String, mirrored: Bool = false) throws -> LocalCommand {
    let mirror = mirrored ? MirrorChoice.whole(IPv4Address(rawValue: 0x0A74_0000)) : nil
    let space: SiteSpace
    do { space = try SiteSpace(space: .standardSpace, mirrored: mirror) } catch { throw error }
    return try LocalCommand(name, body: Data(body.utf8), space)
  }

  @Test func `commands are read whole`() throws {
    guard
      case .request(.addHost(let address, let vine)) = try read(
        "host/add", #"{"address":"10.116.0.10","vine":"Physics"}"#, mirrored: true)
    else { return #expect(Bool(false), "no request") }
    #expect(address.description == "172.16.0.10" && vine.description == "physics")
    guard case .request(.pinQueueVR(nil)) = try read("relay/unpin", "{}") else {
      return #expect(Bool(false), "no end of a pin")
    }
    guard case .reload = try read("reload", "") else { return #expect(Bool(false), "no reload") }
  }

  @Test(arguments: [
    ("host/add", #"{"address":"172.16.0.10"}"#), ("host/remove", #"{"address":"172.16.0"}"#), ("relay/pin", "{}"),
    ("vine/create", #"{"name":"-"}"#), ("block/release", #"{"block":"172.16.0.1/24"}"#), ("vine/paint", "{}"),
    ("check", #"{"clients":0,"seconds":1}"#), ("invite", #"{"site":"a","hosts":1,"expiresSeconds":0}"#),
  ])
  func `what cannot be carried out is refused with its mend`(name: String, body: String) {
    let failure = #expect(throws: RequestFailure.self) { try read(name, body) }
    #expect(failure?.mend.isEmpty == false)
  }

  @Test(arguments: ["", "[]", #"{"name":7}"#]) func `what is no such document is refused`(body: String) {
    #expect(throws: DecodingError.self) { try read("vine/create", body) }
  }
}
