/// Seals the frames of one direction of one session. One thread owns it: it is not Sendable on purpose.
///
/// The counter must never repeat under a key, or the suite gives up its secrets. `takeCounter` hands each out
/// once; whoever passes a counter of another source answers for that.
public final class SealingKey {
  private let state: AEADState
  /// The counter that `takeCounter` gives next; also the number of frames sealed so far.
  public private(set) var nextCounter: UInt64 = 0

  /// - Parameter key: 32 bytes; the suite must be one of `CipherSuite.available`.
  public init(suite: CipherSuite, key: [UInt8]) { state = AEADState(suite: suite, key: key) }

  public var suite: CipherSuite { state.suite }

  /// The next counter, starting with 0; nil once the key has sealed `CipherSuite.frameLimit` frames.
  public func takeCounter() -> UInt64? {
    guard nextCounter < state.suite.frameLimit else { return nil }
    defer { nextCounter += 1 }
    return nextCounter
  }

  /// Encrypts `count` bytes at `body` in place and writes 16 bytes of tag behind them.
  /// - Parameters:
  ///   - header: `headerCount` bytes that are authenticated but not encrypted; they may lie before `body`.
  ///   - body: must have room for `count + FrameSize.tag` bytes; `count` may be 0 (relay frames).
  public func seal(
    header: UnsafeRawPointer, headerCount: Int, counter: UInt64, body: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    state.seal(header, headerCount, counter, body, count)
  }
}

/// Opens the frames of one direction of one session. One thread owns it: it is not Sendable on purpose.
public final class OpeningKey {
  private let state: AEADState

  /// - Parameter key: 32 bytes; the suite must be one of `CipherSuite.available`.
  public init(suite: CipherSuite, key: [UInt8]) { state = AEADState(suite: suite, key: key) }

  public var suite: CipherSuite { state.suite }

  /// Checks the tag in the last 16 of `count` bytes and decrypts the `count - 16` before it in place.
  /// - Returns: false if the frame is not authentic; what `body` then holds is of no use to anybody.
  public func open(
    header: UnsafeRawPointer, headerCount: Int, counter: UInt64, body: UnsafeMutablePointer<UInt8>, count: Int
  ) -> Bool {
    state.open(header, headerCount, counter, body, count)
  }
}
