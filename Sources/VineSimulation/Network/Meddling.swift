import VineBase

/// What becomes of a frame on its way, beyond what an underlay does by itself: for runs with somebody who means harm.
public enum Meddling: Hashable, Sendable {
  /// It comes a second time, so much later.
  case again(after: Duration)
  /// A byte of the message is another: what its sender would have sealed, were it a VR that lies.
  case damage(at: Int, with: UInt8)
  /// The message ends there.
  case cut(Int)
  /// The message is another.
  case exchange([UInt8])
}

extension Frame {
  /// Packets of hosts are left alone.
  var isOpenToMeddling: Bool { bytes != nil }

  /// Of the message inside, sealed or not.
  private var bytes: [UInt8]? { Self.bytes(of: body) }

  private static func bytes(of body: Body) -> [UInt8]? {
    switch body {
    case .handshake(let bytes), .control(let bytes, _, _), .dialBack(let bytes): bytes
    case .relay(let inner, _, _, _): bytes(of: inner)
    case .data: nil
    }
  }

  fileprivate func changed(_ change: ([UInt8]) -> [UInt8]) -> Frame {
    Frame(body: Self.changed(body, change), sender: sender, from: from, channel: channel)
  }

  private static func changed(_ body: Body, _ change: ([UInt8]) -> [UInt8]) -> Body {
    switch body {
    case .handshake(let bytes): .handshake(change(bytes))
    case .control(let bytes, let index, let key): .control(change(bytes), index: index, key: key)
    case .dialBack(let bytes): .dialBack(change(bytes))
    case .relay(let inner, let from, let to, let hops):
      .relay(changed(inner, change), from: from, to: to, hops: hops)
    case .data: body
    }
  }
}

extension World {
  mutating func meddle(_ meddling: Meddling, with frame: inout Frame, at index: Int) {
    switch meddling {
    case .again(let delay):
      let kind: EventKind = frame.channel == 0 ? .datagram : .record
      queue.add(kind, at: now + max(delay.inNanoseconds, 1), index: index, detail: frames.add(frame))
    case .damage(let place, let byte):
      frame = frame.changed { bytes in
        guard !bytes.isEmpty else { return [byte] }
        var bytes = bytes
        bytes[place % bytes.count] ^= byte
        return bytes
      }
    case .cut(let count): frame = frame.changed { Array($0.prefix(count)) }
    case .exchange(let bytes): frame = frame.changed { _ in bytes }
    }
  }
}
