import VineBase
import VineWire

extension Door {
  /// The doors of VineWire.
  public static let all = [controlMessage, vrRecord, factRecord, logCommand, storedRecord, logRecord, reassembler]

  public static let controlMessage = Door(name: "ControlMessage") { bytes in
    guard let message = try? ControlMessage.decode(bytes) else { return nil }
    if case .unknown = message { return message.encode().isEmpty ? nil : "an unknown message has an encoding" }
    return complaint(message, { $0.encode() }, { try? ControlMessage.decode($0) })
  }

  public static let vrRecord = Door(name: "VRRecord") { bytes in
    guard let record = try? VRRecord.decode(bytes) else { return nil }
    return complaint(record, { $0.encode() }, { try? VRRecord.decode($0) })
  }

  public static let factRecord = Door(name: "FactRecord") { bytes in
    guard let fact = try? FactRecord.decode(bytes) else { return nil }
    return complaint(fact, FactRecord.encode, { try? FactRecord.decode($0) })
  }

  public static let logCommand = Door(name: "LogCommand") { bytes in
    guard let proposal = try? LogCommand.decode(bytes) else { return nil }
    return complaint(proposal, LogCommand.encode, { try? LogCommand.decode($0) })
  }

  public static let storedRecord = Door(name: "StoredRecord") { bytes in
    guard let record = try? StoredRecord.decode(bytes) else { return nil }
    return complaint(record, StoredRecord.encode, { try? StoredRecord.decode($0) })
  }

  public static let logRecord = Door(name: "LogRecord") { bytes in
    guard let entry = try? LogRecord.decode(bytes) else { return nil }
    return complaint(entry, LogRecord.encode, { try? LogRecord.decode($0) })
  }

  /// Plays the bytes as a sequence of fragments of three peers: four bytes of header and a piece each.
  public static let reassembler = Door(name: "Reassembler") { bytes in
    var (reassembler, reader, now) = (Reassembler(), ByteReader(bytes), Instant.zero)
    while let head = try? reader.bytes(4) {
      let (count, id) = (UInt16(head[1] & 0x7F) + 1, UInt32(head[0] >> 4))
      now = now + .milliseconds(Int(head[3]) * 20)
      guard let piece = try? reader.bytes(Int(head[3] & 7)),
        let peer = NodeID([UInt8](repeating: head[0] & 3, count: NodeID.byteCount))
      else { break }
      let fragment = Fragment(id: id, index: UInt16(head[2]) % count, count: count, bytes: piece)
      if let whole = reassembler.add(fragment, from: peer, at: now), whole.count > Int(count) * 7 {
        return "a message is longer than its fragments"
      }
      guard reassembler.pending <= 3 * Reassembler.messagesOfPeerMax else { return "a peer has too many messages" }
    }
    return nil
  }
}
