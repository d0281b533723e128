import ArgumentParser
import Foundation
import VineBase
import VineGossip
import VineSession
import VineWire

/// A VR of the mesh that lies: what its key lets it in for, and what it tells then.
struct Forge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Plays a VR that spreads forged records about another one; for the attack suite.",
    discussion: """
      Takes the key and the certificate of a VR that does not run, opens a session over TCP and pushes records: about the \
      victim with a signature of nobody, about the victim signed by the liar's own key, under the victim's name with the \
      liar as author, all of the highest versions there are; and about the liar itself, of a version beyond that.
      """)

  @Argument(help: "State folder of the VR that is played.") var state: String
  @Argument(help: "VR that is lied to: ADDRESS:PORT.") var target: String
  @Option(help: "NodeID of the VR that is lied about.") var victim: String
  @Option(help: "How many records of each kind.") var count = 50

  func run() throws {
    guard let victim = NodeID(text: victim), (1...1000).contains(count) else {
      throw ValidationError("--victim as `status peers` names it, and --count up to 1000")
    }
    let guise = try Guise(state: state, target: target)
    var sent = 0
    for number in 0..<UInt64(count) {
      let records = forged(about: victim, by: guise.key, WireLimits.counterMax - number)
      try guise.tell(.gossip(.push(records)))
      sent += records.count
    }
    print(#"{"sent": \#(sent), "to": "\#(guise.session.peer.node)"}"#)
  }

  private func forged(about victim: NodeID, by key: StaticKey, _ highest: UInt64) -> [SignedRecord] {
    let lie = VRRecord(
      site: "forged", role: .public, endpoints: [], queueVR: nil, claims: [:], tableDigests: [:],
      softwareVersion: "forged", certificateExpires: WallTime(secondsSince1970: 1 << 40))
    func record(
      _ author: NodeID, about node: NodeID, _ number: UInt64, _ signature: (SignedRecord) -> [UInt8]
    ) -> SignedRecord {
      let (name, version) = (RecordKey(kind: .vr, id: node.bytes), RecordVersion(epoch: number, sequence: number))
      let bare = SignedRecord(key: name, version: version, author: author, payload: lie.encode(), signature: [])
      return SignedRecord(
        key: name, version: version, author: author, payload: lie.encode(), signature: signature(bare))
    }
    return [
      record(victim, about: victim, highest) { _ in Sodium.randomBytes(64) },
      record(victim, about: victim, highest) { key.sign($0.signedBytes) },
      record(key.node, about: victim, highest) { key.sign($0.signedBytes) },
      record(key.node, about: key.node, .max) { key.sign($0.signedBytes) },
    ]
  }
}
