import VineBase
import VineSession

/// Another VR as the data thread knows it: its sessions and the way to it.
final class Peer {
  let node: NodeID
  let tag: NodeTag
  /// How frames reach it; nil: they do not.
  var carrier: Carrier?
  /// Newest first, at most `Limits.sessionsPerPeer`.
  private(set) var sessions: [Session] = []
  /// The session that frames are sealed under.
  private(set) var sending: Session? { didSet { currentSending = sending.map(Uncounted.init) } }
  private(set) var currentSending: Uncounted<Session>?
  /// Index in the forwarding table; one that no table has if it is not there.
  var tableIndex: UInt32 = .max
  /// The longest packet that arrives at its datagram endpoint; nil: not known.
  var pathMTU: Int?
  var sent = Traffic()
  var received = Traffic()
  var lastHeard: Instant?
  /// Bytes sent and received when they were last looked at.
  private var seen: (sent: UInt64, received: UInt64) = (0, 0)
  private var lastAsked: Instant?

  init(_ node: NodeID) { (self.node, tag) = (node, node.tag) }

  /// Largest packet that reaches the peer in one piece.
  var innerMTU: Int {
    switch carrier {
    case .relayed: Limits.innerRelayed
    case .channel: Limits.innerChannel
    case .datagram, nil:
      pathMTU.map {
        min(max($0 - FrameSize.underlay - FrameSize.dataOverhead, Limits.innerMin), Limits.innerDirect)
      }
        ?? Limits.innerDirect
    }
  }

  /// Takes a new session in.
  ///
  /// The answering side has proof that the other has the keys and sends under it at once. The side that began has
  /// none until a frame comes: as long as an older session works it waits for that, at most
  /// `Limits.unconfirmedSession`.
  /// - Returns: sessions that had to go.
  func install(_ session: Session) -> [Session] {
    sessions.insert(session, at: 0)
    if !session.isInitiator || sending == nil || sending?.isGuest == true { sending = session }
    var gone: [Session] = []
    while sessions.count > Limits.sessionsPerPeer { gone.append(sessions.removeLast()) }
    if let sending, gone.contains(where: { $0 === sending }) { self.sending = sessions.first }
    return gone
  }

  /// A frame was opened on `session` for the first time.
  func confirm(_ session: Session) {
    session.isConfirmed = true
    if let sending, session.installed >= sending.installed, !session.isGuest { self.sending = session }
  }

  /// Stops waiting for the first frame of a session that this VR began.
  func promote(at now: Instant) {
    guard let newest = sessions.first, newest !== sending, now - newest.installed >= Limits.unconfirmedSession else {
      return
    }
    sending = newest
  }

  func release(_ session: Session) {
    sessions.removeAll { $0 === session }
    if sending === session { sending = sessions.first }
  }

  /// Whether it is time to say (again) that a session is needed.
  func mayAsk(at now: Instant) -> Bool {
    if let lastAsked, now - lastAsked < Limits.needsSessionEvery { return false }
    lastAsked = now
    return true
  }

  /// Bytes of packets since the last call; nil if there were none.
  func takeMoved() -> (sent: Int, received: Int)? {
    let (before, now) = (seen, (sent: sent.bytes, received: received.bytes))
    seen = now
    guard before != now else { return nil }
    return (Int(clamping: now.sent &- before.sent), Int(clamping: now.received &- before.received))
  }

  var hasSession: Bool { !sessions.isEmpty }
}
