/// Seals the frames of one direction of one session. One thread owns it: it is not Sendable on purpose.
///
/// The counter must never repeat under a key, or the suite gives up its secrets. `takeCounter` hands each out
/// once; whoever passes a counter of another source answers for that.
public final class SealingKey {
  public let suite: CipherSuite
  private let state: AEADState
  private let clear: ClearPackets
  /// The counter that `takeCounter` gives next; also the number of frames sealed so far.
  public private(set) var nextCounter: UInt64 = 0

  /// - Parameter key: 32 bytes; the suite must be one that this machine can do.
  public init(suite: CipherSuite, key: [UInt8]) {
    self.suite = suite
    state = AEADState(suite: suite.control, key: key)
    clear = ClearPackets(suite: suite, key: key)
  }

  /// The next counter, starting with 0; nil once the key has sealed `CipherSuite.frameLimit` frames.
  public func takeCounter() -> UInt64? {
    guard nextCounter < suite.frameLimit else { return nil }
    defer { nextCounter += 1 }
    return nextCounter
  }

  /// Encrypts `count` bytes at `body` in place and writes 16 bytes of tag behind them. A data frame of a suite that
  /// leaves packets in clear gets the tag only; its header must lie directly before `body`.
  /// - Parameters:
  ///   - header: `headerCount` bytes that are authenticated but not encrypted; they may lie before `body`.
  ///   - body: must have room for `count + FrameSize.tag` bytes; `count` may be 0 (relay frames).
  public func seal(
    header: UnsafeRawPointer, headerCount: Int, counter: UInt64, body: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    guard isClear(header, body, headerCount, suite) else {
      return state.seal(header, headerCount, counter, body, count)
    }
    clear.seal(header.assumingMemoryBound(to: UInt8.self), headerCount + count, counter, body + count, state)
  }
}

/// Opens the frames of one direction of one session. One thread owns it: it is not Sendable on purpose.
public final class OpeningKey {
  public let suite: CipherSuite
  private let state: AEADState
  private let clear: ClearPackets

  /// - Parameter key: 32 bytes; the suite must be one that this machine can do.
  public init(suite: CipherSuite, key: [UInt8]) {
    self.suite = suite
    state = AEADState(suite: suite.control, key: key)
    clear = ClearPackets(suite: suite, key: key)
  }

  /// Checks the tag in the last 16 of `count` bytes and decrypts the `count - 16` before it in place, unless they are in
  /// clear; see `SealingKey.seal`.
  /// - Returns: false if the frame is not authentic; what `body` then holds is of no use to anybody.
  public func open(
    header: UnsafeRawPointer, headerCount: Int, counter: UInt64, body: UnsafeMutablePointer<UInt8>, count: Int
  ) -> Bool {
    guard isClear(header, body, headerCount, suite) else {
      return state.open(header, headerCount, counter, body, count)
    }
    guard count >= FrameSize.tag else { return false }
    let length = count - FrameSize.tag
    return clear.open(
      header.assumingMemoryBound(to: UInt8.self), headerCount + length, counter, body + length, state)
  }
}

/// Whether a frame is a packet that its suite leaves in clear.
@inline(__always)
private func isClear(
  _ header: UnsafeRawPointer, _ body: UnsafeMutablePointer<UInt8>, _ headerCount: Int, _ suite: CipherSuite
) -> Bool {
  guard !suite.isSecret, headerCount > 0, header.load(as: UInt8.self) == FrameKind.data.rawValue else { return false }
  precondition(header + headerCount == UnsafeRawPointer(body), "a packet in clear is not in one piece with its header")
  return true
}
