import VineBase
import VineSession

/// One secure session: both keys and which counters were seen.
final class Session {
  let localIndex: UInt32
  let remoteIndex: UInt32
  let isInitiator: Bool
  /// The peer has not joined yet: it may ask to, and nothing else.
  let isGuest: Bool
  let installed: Instant
  let sealing: SealingKey
  let opening: OpeningKey
  var window = ReplayWindow()
  /// A frame was opened: the peer has the keys, too.
  var isConfirmed = false

  init(_ established: EstablishedSession, at now: Instant) {
    (localIndex, remoteIndex) = (established.localIndex, established.remoteIndex)
    (isInitiator, isGuest) = (established.isInitiator, established.peer.isGuest)
    installed = now
    sealing = SealingKey(suite: established.suite, key: established.sendKey)
    opening = OpeningKey(suite: established.suite, key: established.receiveKey)
  }

  /// Most of the key's frames are used: time for a new session.
  var isNearlyUsed: Bool { sealing.nextCounter > sealing.suite.frameLimit / 4 * 3 }
}
