import ArgumentParser
import VineBase
import VineGossip
import VineSession
import VineWire

/// A VR of a version to come: what it says is right, and more than today's VRs can read.
struct Newer: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plays a VR of a newer version; for the test of upgrades.",
    discussion: """
      Takes the key and the certificate of a voter that does not run, opens a session over TCP and says what older VRs have to skip \
      or pass on: a control message of an unknown kind, a record of an unknown kind, and a fact with an unknown body.
      """)

  @Argument(help: "State folder of the VR that is played.") var state: String
  @Argument(help: "VR that it speaks with: ADDRESS:PORT.") var target: String

  /// Field 100 of protocol buffers with two bytes inside; no message has so many.
  private static let unknownField: [UInt8] = [0xA2, 0x06, 2, 8, 1]

  func run() throws {
    let guise = try Guise(state: state, target: target)
    try guise.tell(plaintext: Self.unknownField)
    let unknown = record(RecordKind(rawValue: 200), id: guise.key.node.bytes, [1, 2, 3], by: guise.key)
    let fact = record(.fact, id: [99, 0, 0, 0, 1], Self.unknownField, by: guise.key)
    try guise.tell(.gossip(.push([unknown, fact])))
    print(#"{"records": 2, "to": "\#(guise.session.peer.node)"}"#)
  }

  private func record(
    _ kind: RecordKind, id: [UInt8], _ payload: [UInt8], by key: StaticKey
  ) -> SignedRecord {
    let (name, version) = (RecordKey(kind: kind, id: id), RecordVersion(epoch: 1, sequence: 1))
    let bare = SignedRecord(key: name, version: version, author: key.node, payload: payload, signature: [])
    return SignedRecord(
      key: name, version: version, author: key.node, payload: payload, signature: key.sign(bare.signedBytes))
  }
}
