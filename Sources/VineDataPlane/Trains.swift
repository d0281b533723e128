import VineBase
import VineSession

/// One frame of a train as it arrived.
public struct ArrivedFrame: Hashable, Sendable {
  /// From 0.
  public let sequence: Int
  /// With IPv4 and UDP headers.
  public let byteCount: Int
  /// By the kernel's clock; only differences mean something.
  public let nanoseconds: Int64
}

/// Trains of frames that measure how fast a way is: sent at once, stamped by the kernel as they come in.
///
/// ```
/// content: [train u64][sequence u16][count u16] and zeros
/// ```
final class Trains {
  /// A frame's IPv4 packet, so that it fits underlays that are narrower than 1500.
  static let packetByteCount = 1400
  private static let contentByteCount = packetByteCount - FrameSize.underlay - FrameSize.controlOverhead
  private static let leadByteCount = 12
  private static let countMax = 1024
  private static let expectedMax = 16
  /// A train has ended when nothing came for this long; and one of which nothing comes at all is forgotten.
  private static let quiet = Duration.milliseconds(300)
  private static let patience = Duration.seconds(5)

  private struct Expected {
    let train: UInt64
    let node: NodeID
    let since: Instant
    var last: Instant?
    var count = 0
    var arrivals: [ArrivedFrame] = []
  }

  private let peers: Peers
  private let transmitter: Transmitter
  private let onEvent: @Sendable (DataPlaneEvent) -> Void
  private var expected: [Expected] = []

  init(peers: Peers, transmitter: Transmitter, onEvent: @escaping @Sendable (DataPlaneEvent) -> Void) {
    (self.peers, self.transmitter, self.onEvent) = (peers, transmitter, onEvent)
  }

  /// Arrivals are to be stamped.
  var isExpecting: Bool { !expected.isEmpty }

  func send(_ train: UInt64, to node: NodeID, at endpoint: Endpoint, count: Int, _ now: Instant) {
    guard let peer = peers[node] else { return }
    let count = min(max(count, 0), Self.countMax)
    withUnsafeTemporaryAllocation(byteCount: Self.contentByteCount, alignment: 8) { content in
      content.initializeMemory(as: UInt8.self, repeating: 0)
      content.storeBytes(of: train.bigEndian, as: UInt64.self)
      content.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 10, as: UInt16.self)
      for sequence in 0..<count {
        content.storeBytes(of: UInt16(sequence).bigEndian, toByteOffset: 8, as: UInt16.self)
        // What is lost here is lost like any other frame: the train tells how much arrived.
        _ = transmitter.train(UnsafeRawBufferPointer(content), to: peer, at: endpoint, now)
      }
    }
    transmitter.flush()
  }

  func expect(_ train: UInt64, from node: NodeID, at now: Instant) {
    guard !expected.contains(where: { $0.train == train }) else { return }
    if expected.count >= Self.expectedMax { expected.removeFirst() }
    expected.append(Expected(train: train, node: node, since: now))
  }

  func arrived(_ content: UnsafeRawBufferPointer, from node: NodeID, _ byteCount: Int, _ stamp: Int64, at now: Instant)
  {
    guard stamp > 0, content.count >= Self.leadByteCount else { return }
    let train = UInt64(bigEndian: content.loadUnaligned(as: UInt64.self))
    guard let index = expected.firstIndex(where: { $0.train == train && $0.node == node }) else { return }
    let sequence = Int(UInt16(bigEndian: content.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
    let count = Int(UInt16(bigEndian: content.loadUnaligned(fromByteOffset: 10, as: UInt16.self)))
    guard sequence < count, count <= Self.countMax, expected[index].arrivals.count < count else { return }
    expected[index].last = now
    expected[index].count = count
    expected[index].arrivals.append(
      ArrivedFrame(sequence: sequence, byteCount: byteCount + FrameSize.underlay, nanoseconds: stamp))
    if sequence == count - 1 { finish(index) }
  }

  /// Ends trains whose last frames were lost.
  func expire(at now: Instant) {
    for index in expected.indices.reversed() {
      let (since, last) = (expected[index].since, expected[index].last)
      if last.map({ now - $0 >= Self.quiet }) ?? (now - since >= Self.patience) { finish(index) }
    }
  }

  private func finish(_ index: Int) {
    let done = expected.remove(at: index)
    onEvent(.train(done.train, from: done.node, done.arrivals, sent: done.count))
  }
}
