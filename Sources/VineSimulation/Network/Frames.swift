import VineBase

/// What goes over the underlay, with what a receiver can see of the sender.
struct Frame: Sendable {
  enum Body: Sendable {
    case handshake([UInt8])
    /// Sealed: the receiver opens it with the session `index`, if its key is the sender's.
    case control([UInt8], index: UInt32, key: UInt64)
    case dialBack([UInt8])
    /// Sealed likewise.
    case data(HostPacket, index: UInt32, key: UInt64)
    /// For the VR tagged `to`, through the queue-VR that gets it.
    indirect case relay(Body, from: NodeTag, to: NodeTag, hops: Int)
  }

  let body: Body
  /// VR that sent it: for faults and counters, not for the receiver.
  let sender: Int
  /// As the receiver sees it.
  let from: Endpoint
  /// The channel at the receiver, for records.
  var channel = 0

  /// Bytes above UDP or TCP, as the real frames have them.
  var byteCount: Int { Self.byteCount(of: body) }

  private static func byteCount(of body: Body) -> Int {
    switch body {
    case .handshake(let bytes): bytes.count
    // Header and tag (`FrameSize.controlOverhead`).
    case .control(let bytes, _, _): bytes.count + 32
    // With the ViNe (`FrameSize.dataOverhead`).
    case .data: HostPacket.byteCount + 36
    // `FrameSize.probe`.
    case .dialBack: 20
    // `FrameSize.relayOverhead`.
    case .relay(let inner, _, _, _): byteCount(of: inner) + 40
    }
  }
}

/// Frames under way, by number.
struct Frames: Sendable {
  private var slots: [Frame?] = []
  private var free: [Int] = []

  mutating func add(_ frame: Frame) -> Int {
    if let slot = free.popLast() {
      slots[slot] = frame
      return slot
    }
    slots.append(frame)
    return slots.count - 1
  }

  mutating func take(_ slot: Int) -> Frame? {
    guard let frame = slots[slot] else { return nil }
    slots[slot] = nil
    free.append(slot)
    return frame
  }
}
