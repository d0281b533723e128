import VineBase
import VinePacket

extension Door {
  /// Packets of hosts: whatever is changed, cut or answered stays a packet with a right checksum.
  public static let packet = Door(name: "Packet") { bytes in
    var bytes = bytes
    return bytes.withUnsafeMutableBytes { PacketDoor(packet: $0).complaint }
  }
}

private struct PacketDoor {
  let packet: UnsafeMutableRawBufferPointer

  var complaint: String? {
    guard let view = IPv4View(UnsafeRawBufferPointer(packet)) else { return nil }
    return answers(to: view) ?? fragments(of: view) ?? edits(of: view)
  }

  private func answers(to view: IPv4View) -> String? {
    withUnsafeTemporaryAllocation(byteCount: ICMPAnswer.byteCountMax, alignment: 8) { buffer in
      let gateway = IPv4Address(rawValue: 0xAC10_0001)
      let lengths = [
        ICMPAnswer.timeExceeded(for: view, from: gateway, into: buffer),
        ICMPAnswer.fragmentationNeeded(for: view, mtu: 1436, from: gateway, into: buffer),
      ]
      guard let length = lengths[1] else { return lengths[0] == nil ? nil : "one error may be sent, the other not" }
      let answer = IPv4View(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
      guard let answer, answer.totalLength == length, answer.hasValidChecksum else { return "the answer is no packet" }
      return InternetChecksum.isValid(answer.payload) ? nil : "the answer's ICMP checksum is wrong"
    }
  }

  private func fragments(of view: IPv4View) -> String? {
    // The identification says how small the path is, so that the fuzzer can choose it.
    let mtu = 28 + Int(view.identification % 600)
    return withUnsafeTemporaryAllocation(byteCount: mtu, alignment: 8) { scratch in
      var (joined, complaint): ([UInt8], String?) = ([], nil)
      let count = Fragmentation.fragment(view, mtu: mtu, scratch: scratch) { piece in
        guard let part = IPv4View(UnsafeRawBufferPointer(piece)), part.totalLength == piece.count, piece.count <= mtu
        else { return complaint = "a fragment is no packet" }
        if part.fragmentOffset != view.fragmentOffset + joined.count { complaint = "a fragment is out of place" }
        if !part.hasValidChecksum { complaint = "a fragment's checksum is wrong" }
        joined += Array(part.payload)
      }
      if count > 0, joined != Array(view.payload) { complaint = "fragments do not make the packet" }
      return complaint
    }
  }

  private func edits(of view: IPv4View) -> String? {
    let (headerBefore, segmentBefore) = (view.hasValidChecksum, segmentIsValid(view))
    let hops = view.timeToLive
    let went = PacketEdit.decrementTimeToLive(packet)
    _ = PacketEdit.clampMSS(packet, to: 1396)
    guard let after = IPv4View(UnsafeRawBufferPointer(packet)) else { return "an edited packet is no packet" }
    if went != (hops > 1) || went && after.timeToLive != hops - 1 { return "the time to live is wrong" }
    if headerBefore, !after.hasValidChecksum { return "the header checksum broke" }
    return segmentBefore && !segmentIsValid(after) ? "the TCP checksum broke" : nil
  }

  /// Whether a whole TCP segment has its right checksum (RFC 9293, 3.1: with the pseudo header).
  private func segmentIsValid(_ view: IPv4View) -> Bool {
    guard view.transport == Transport.tcp, !view.isFragment, view.payload.count >= 20 else { return false }
    let addresses = UnsafeRawBufferPointer(rebasing: view.bytes[12..<20])
    let rest: [UInt8] = [0, view.transport, UInt8(view.payload.count >> 8), UInt8(view.payload.count & 255)]
    let pseudo = rest.withUnsafeBytes { InternetChecksum.sum($0, from: InternetChecksum.sum(addresses)) }
    return InternetChecksum.isValid(view.payload, from: pseudo)
  }
}
