import VineAddress
import VineBase
import VineLink
import VinePacket
import VineRouting
import VineSession

@testable import VineDataPlane

extension Door {
  /// A TCP stream, cut anywhere: records come out as they were put in, or the stream ends at the first that no VR
  /// writes. `[reads u8][stream]`
  static let recordStream = Door(name: "RecordStream") { bytes in
    var script = Script(bytes)
    let step = Int(script.byte()) + 1
    let stream = script.rest()
    var buffer = RecordBuffer(capacity: 4096)
    var (records, position): ([[UInt8]], Int) = ([], 0)
    var isMalformed = false
    while position < stream.count, !isMalformed {
      let count = min(step, stream.count - position, buffer.room)
      guard count > 0 else { return "a full buffer holds no record" }
      stream[position..<(position + count)].withUnsafeBytes { buffer.free().copyMemory(from: $0) }
      buffer.added(count)
      position += count
      do throws(Records.Malformed) {
        while let record = try buffer.firstRecord() {
          records.append(Array(record))
          buffer.removed(Records.lengthByteCount + record.count)
        }
      } catch { isMalformed = true }
    }
    let (expected, isBroken) = split(stream)
    return records == expected && isMalformed == isBroken ? nil : "records depend on how the stream is cut"
  }

  private static func split(_ stream: [UInt8]) -> ([[UInt8]], Bool) {
    var (records, position): ([[UInt8]], Int) = ([], 0)
    while position + 2 <= stream.count {
      let length = Int(stream[position]) << 8 | Int(stream[position + 1])
      guard (1...Records.byteCountMax).contains(length) else { return (records, true) }
      guard position + 2 + length <= stream.count else { break }
      records.append(Array(stream[(position + 2)..<(position + 2 + length)]))
      position += 2 + length
    }
    return (records, false)
  }

  /// Frames from the site's network in answer to the doctor's questions: `[length u16][frame]` each.
  static let hostQuestions = Door(name: "HostQuestions") { bytes in
    var script = Script(bytes)
    let hosts = (1...3).map { number in
      HostQuestions.Host(
        IPv4Address(rawValue: 0xAC10_0A00 + UInt32(number)), gateway: IPv4Address(rawValue: 0xAC10_0A01))
    }
    var questions = HostQuestions(
      own: [2, 0, 0, 0, 0, 1], hosts: hosts, stranger: IPv4Address(rawValue: 0xAC1F_FFFE), identifier: 77)
    while !script.isEmpty { script.chunk().withUnsafeBytes { questions.received($0) } }
    for frame in questions.whoHas where frame.count != ARPFrame.byteCount { return "a question is no ARP frame" }
    for frame in questions.echoes {
      let packet = Array(frame.dropFirst(14))
      let isRight = packet.withUnsafeBytes {
        IPv4View($0).map { $0.hasValidChecksum && InternetChecksum.isValid($0.payload) }
      }
      guard isRight == true else { return "an echo request is no packet" }
    }
    for answer in questions.answers where answer.hardware.count > HostQuestions.ownersMax {
      return "a host has \(answer.hardware.count) hardware addresses"
    }
    return nil
  }

  /// What comes to the VR's port, with the keys of one session in the hands of who sends:
  /// `[choice u8][length u16][bytes]` each: as they are, sealed as a frame of any kind, as a packet, or in a relay frame.
  static let inboundFrames = Door(name: "InboundFrames") { bytes in
    var script = Script(bytes)
    let bench = script.byte() & 1 == 0 ? DataBench.plain : DataBench.mirrored
    return bench.receive(&script)
  }

  /// What hosts send, as the kernel hands it over: `[flags u8][length u16][packet]` each.
  static let outboundPackets = Door(name: "OutboundPackets") { bytes in
    var script = Script(bytes)
    let bench = script.byte() & 1 == 0 ? DataBench.plain : DataBench.mirrored
    return bench.capture(&script)
  }

  /// The kernel's text on its queues.
  static let kernelTexts = Door(name: "KernelTexts") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let one = NetfilterQueueFile.status(of: 7, in: text)
    return one != nil && !text.contains("7") ? "a queue is read that is not there" : nil
  }

  /// The arguments of `vine-link`.
  static let linkShape = Door(name: "LinkShape") { bytes in
    guard let shape = try? LinkShape(String(decoding: bytes, as: UTF8.self)) else { return nil }
    guard shape.loss >= 0, shape.loss <= 1_000_000, shape.delay >= .zero, shape.jitter >= .zero,
      shape.rate.map({ $0.bitsPerSecond > 0 }) ?? true
    else { return "a shape is out of range" }
    return nil
  }
}
