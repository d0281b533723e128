import VineBase

/// The limited-VR's side of the channel: opens one TCP channel to a queue-VR and keeps it alive (ViNe 3.4).
///
/// ```
///            candidates, limited            opened             established
///   idle ────────────────────────> dialling ──────> handshaking ──────────> open
///    ^                              ^    │ failed, closed, too late  │          │ closed, silent
///    │ not limited (any state)      │    v                           │          │
///    └──────────────────────────── waiting <──────────────────────────┴──────────┘
/// ```
/// The queue-VR stays the announced one while its channel is down: it stores frames until the channel is back, or
/// until another VR has taken its place. Which candidate is best is decided by whoever orders the list; an open
/// channel is not left for a better one, only when its VR is no longer in the list.
public struct ChannelKeeper: Sendable {
  public enum Input: Hashable, Sendable {
    /// Whom to try, best first.
    case candidates([QueueCandidate])
    /// Whether this VR is limited: only then it keeps a channel.
    case role(limited: Bool)
    /// The TCP connection is there.
    case opened(ChannelID)
    /// A session with this VR came up on the channel.
    case established(ChannelID, NodeID)
    /// Dialling or the handshake failed.
    case failed(ChannelID)
    /// The connection ended.
    case closed(ChannelID)
    /// An authentic frame came over the channel.
    case heard(ChannelID)
    /// Packets flow: a channel that no longer works is to be noticed soon. Said each second while they do.
    case busy
    case wakeup
  }

  public enum Effect: Hashable, Sendable {
    case dial(ChannelID, Endpoint)
    case close(ChannelID)
    /// Send a keepalive that the queue-VR answers.
    case keepalive(ChannelID)
    /// The session on the channel to the queue-VR is up, for the first time or again; nil: none is needed any more.
    case queueVR(NodeID?)
  }

  public struct Settings: Hashable, Sendable {
    /// First pause after a failure; each further one doubles it up to `backOffMax`. Half of a pause is random, so
    /// that limited-VRs whose queue-VR restarted do not all come at once.
    public var backOff = Duration.milliseconds(200)
    public var backOffMax = Duration.seconds(5)
    /// Failures in a row after which the next candidate has its turn.
    public var failuresMax = 3
    /// Time for TCP to connect, and again for the session to come up; both take two round trips at most.
    public var patience = Duration.seconds(10)
    /// First pause between keepalives: below the 30 s after which some NAT gateways forget a silent connection (RFC
    /// 5382, REQ-5 has two hours as the least, and not all keep it). While they are answered the pauses grow, up to
    /// `keepaliveMax`; after a channel that died in one they stay below it.
    public var keepaliveInterval = Duration.seconds(15)
    public var keepaliveMax = Duration.seconds(60)
    /// A queue-VR that leaves a keepalive unanswered this long is dead. Less than the interval: one is on its way.
    public var answerMax = Duration.seconds(10)
    /// The same while packets flow, and for `busyFor` after.
    public var busyInterval = Duration.milliseconds(800)
    public var busyAnswerMax = Duration.milliseconds(1800)
    public var busyFor = Duration.seconds(3)

    public init() {}
  }

  /// Where the keeper stands, for the status screen.
  public enum State: Hashable, Sendable {
    case idle
    case waiting(until: Instant)
    case dialling(ChannelID, deadline: Instant)
    case handshaking(ChannelID, deadline: Instant)
    case open(ChannelID, NodeID, since: Instant)
  }

  public private(set) var state = State.idle
  /// The announced queue-VR. Its channel may be down at this moment: see `channel`.
  public private(set) var queueVR: NodeID?
  private let settings: Settings
  private var random: RandomSource
  private var isLimited = false
  private var rotation = Rotation()
  private var keepalive = Keepalive()
  private var lastChannel: ChannelID?
  /// Which of the channels that this VR dials are this keeper's.
  private let numbering: Numbering
  private var busyUntil = Instant.zero
  /// The pause between keepalives that the way was found to bear, and one that it did not.
  private var pause: Duration
  private var pauseBound: Duration

  /// Dialled channels have odd numbers; two keepers share them.
  public enum Numbering: UInt64, Hashable, Sendable {
    case first = 1
    case second = 3
  }

  public init(numbering: Numbering = .first, settings: Settings = Settings(), random: RandomSource) {
    precondition(settings.failuresMax > 0, "a candidate needs one try")
    precondition(settings.answerMax < settings.keepaliveInterval, "one keepalive at a time")
    self.settings = settings
    self.random = random
    self.numbering = numbering
    (pause, pauseBound) = (settings.keepaliveInterval, settings.keepaliveMax)
  }

  /// Whether a channel is one that this keeper dialled.
  public func owns(_ channel: ChannelID) -> Bool { channel.rawValue % 4 == numbering.rawValue }

  /// How long the channel is left silent at present.
  public var keepalivePause: Duration { pause }

  /// The channel to the queue-VR, once its session is up.
  public var channel: ChannelID? { if case .open(let channel, _, _) = state { channel } else { nil } }

  public var nextWakeup: Wakeup? {
    switch state {
    case .idle: nil
    case .waiting(let until): Wakeup(at: until, reason: "queue-VR channel back-off")
    case .dialling(_, let deadline): Wakeup(at: deadline, reason: "queue-VR channel opens")
    case .handshaking(_, let deadline): Wakeup(at: deadline, reason: "queue-VR session comes up")
    case .open: Wakeup(at: keepalive.due(answerMax), reason: "queue-VR channel keepalive")
    }
  }

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .candidates(let candidates): changed(candidates, at: now)
    case .role(let limited): changed(limited: limited, at: now)
    case .opened(let channel): opened(channel, at: now)
    case .established(let channel, let node): established(channel, node, at: now)
    case .failed(let channel), .closed(let channel): lost(channel, at: now)
    case .heard(let channel): heard(channel)
    case .busy: busy(at: now)
    case .wakeup: wakeup(at: now)
    }
  }
}

// MARK: What the keeper is told

extension ChannelKeeper {
  private mutating func changed(_ candidates: [QueueCandidate], at now: Instant) -> [Effect] {
    let startsOver = rotation.replace(candidates)
    switch state {
    case .idle: return isLimited ? dial(at: now) : []
    // Whom it waited for is gone: no reason to pause before the first of the new list.
    case .waiting: return startsOver ? dial(at: now) : []
    case .open(let channel, let node, _):
      guard !candidates.isEmpty, !rotation.serves(node) else { return [] }
      return [.close(channel)] + dial(at: now)
    case .dialling, .handshaking: return []
    }
  }

  private mutating func changed(limited: Bool, at now: Instant) -> [Effect] {
    guard limited != isLimited else { return [] }
    isLimited = limited
    guard !limited else { return dial(at: now) }
    var effects: [Effect] = busyChannel.map { [.close($0)] } ?? []
    state = .idle
    rotation.restart()
    if queueVR != nil { effects.append(.queueVR(nil)) }
    queueVR = nil
    return effects
  }

  private mutating func opened(_ channel: ChannelID, at now: Instant) -> [Effect] {
    if case .dialling(channel, _) = state { state = .handshaking(channel, deadline: now + settings.patience) }
    return []
  }

  private mutating func established(_ channel: ChannelID, _ node: NodeID, at now: Instant) -> [Effect] {
    switch state {
    case .dialling(channel, _), .handshaking(channel, _):
      // Another VR than the list says answers at this endpoint: not the one that was chosen.
      if let expected = rotation.current?.node, expected != node { return [.close(channel)] + lost(channel, at: now) }
      state = .open(channel, node, since: now)
      keepalive = Keepalive(next: now + pause)
      rotation.succeeded()
      queueVR = node
      return [.queueVR(node)]
    case .idle, .waiting, .dialling, .handshaking, .open: return []
    }
  }

  private mutating func lost(_ channel: ChannelID, at now: Instant) -> [Effect] {
    guard busyChannel == channel else { return [] }
    let pause = rotation.failed(settings)
    let half = Duration.nanoseconds(pause.inNanoseconds / 2)
    state = .waiting(until: now + half + random.jitter(half))
    return []
  }

  private mutating func heard(_ channel: ChannelID) -> [Effect] {
    guard self.channel == channel else { return [] }
    // The way bore that pause: a longer one is tried.
    if keepalive.unansweredSince != nil, !keepalive.isBusy {
      pause = min(.nanoseconds(pause.inNanoseconds / 4 * 5), pauseBound)
    }
    keepalive.unansweredSince = nil
    return []
  }

  private mutating func busy(at now: Instant) -> [Effect] {
    busyUntil = now + settings.busyFor
    guard case .open = state else { return [] }
    keepalive.isBusy = true
    keepalive.next = min(keepalive.next, now + settings.busyInterval)
    return wakeup(at: now)
  }

  private var answerMax: Duration { keepalive.isBusy ? settings.busyAnswerMax : settings.answerMax }

  private mutating func wakeup(at now: Instant) -> [Effect] {
    switch state {
    case .idle: return []
    case .waiting(let until): return now >= until ? dial(at: now) : []
    case .dialling(let channel, let deadline), .handshaking(let channel, let deadline):
      return now >= deadline ? [.close(channel)] + lost(channel, at: now) : []
    case .open(let channel, _, _):
      guard now >= keepalive.due(answerMax) else { return [] }
      if let since = keepalive.unansweredSince, now - since >= answerMax {
        // Some gateway forgot it meanwhile, perhaps: from now on it is not left silent for so long.
        if !keepalive.isBusy {
          pauseBound = max(settings.keepaliveInterval, .nanoseconds(pause.inNanoseconds / 3 * 2))
          pause = min(pause, pauseBound)
        }
        return [.close(channel)] + lost(channel, at: now)
      }
      let isBusy = now < busyUntil
      let since = keepalive.unansweredSince ?? now
      keepalive = Keepalive(
        next: now + (isBusy ? settings.busyInterval : pause), unansweredSince: since, isBusy: isBusy)
      return [.keepalive(channel)]
    }
  }

  /// Dials the candidate whose turn it is, under a channel number of its own: odd, never used before.
  private mutating func dial(at now: Instant) -> [Effect] {
    guard let candidate = rotation.next() else {
      state = .idle
      return []
    }
    let channel = ChannelID(rawValue: lastChannel.map { $0.rawValue + 4 } ?? numbering.rawValue)
    lastChannel = channel
    state = .dialling(channel, deadline: now + settings.patience)
    return [.dial(channel, candidate.endpoint)]
  }

  private var busyChannel: ChannelID? {
    switch state {
    case .idle, .waiting: nil
    case .dialling(let channel, _), .handshaking(let channel, _), .open(let channel, _, _): channel
    }
  }
}

/// When the next keepalive is due, or its answer.
private struct Keepalive: Sendable {
  var next = Instant.zero
  var unansweredSince: Instant?
  var isBusy = false

  func due(_ answerMax: Duration) -> Instant {
    unansweredSince.map { min($0 + answerMax, next) } ?? next
  }
}
