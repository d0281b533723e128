import VineBase

/// When the second VR of a site stands in for the first.
///
/// It asks the first for a sign of life several times a second. A first VR that is silent, while others answer, is stood in
/// for; one that is back and steady gets its hosts back, and for a while both serve them, so that nothing is lost meanwhile.
/// The rules are VRRP's (RFC 5798), over the mesh instead of the site's network: a first VR that has lost the mesh is as good
/// as dead, whatever it still says to its hosts.
public struct FailOver: Hashable, Sendable {
  public enum State: Hashable, Sendable {
    /// There is no first VR to stand in for.
    case idle
    case watching(since: Instant)
    case standingIn(since: Instant)
    /// The first VR serves again; this one still holds its addresses.
    case handingBack(until: Instant)
  }

  public enum Effect: Hashable, Sendable {
    /// The first VR is to give a sign of life.
    case askFirst
    /// Some others are: is it this VR that is cut off?
    case askOthers
    /// Take the first VR's addresses, and tell the mesh.
    case standIn
    /// Hosts are to learn again who has the addresses.
    case announce
    /// Tell the mesh that the first VR serves; the addresses are kept.
    case handBack
    /// Give the addresses up.
    case release
  }

  public struct Settings: Hashable, Sendable {
    public var askEvery = Duration.milliseconds(300)
    /// Two questions without an answer: others are asked, too.
    public var doubtAfter = Duration.milliseconds(700)
    /// Four without an answer. Hosts' TCP waits two or three times as long as the silence that it saw, so each second counts.
    public var silenceMax = Duration.milliseconds(1200)
    /// How old the last sign of life of any other VR may be.
    public var othersWithin = Duration.seconds(1)
    /// For how long the first VR has to answer before it gets its hosts back.
    public var steadyFor = Duration.seconds(3)
    /// Longer than news take to all VRs.
    public var overlap = Duration.seconds(3)
    /// A VR that is told to stay silent, or whose host forgot, is outdone within that.
    public var announceEvery = Duration.seconds(1)
    /// After its own start a VR does not judge: sessions come first.
    public var graceAtStart = Duration.seconds(5)

    public init() {}
  }

  private let settings: Settings
  public private(set) var state = State.idle
  private var asked = Instant.zero
  private var announced = Instant.zero
  /// Since when the first VR has answered without a gap.
  private var steadySince: Instant?

  public init(settings: Settings = Settings()) { self.settings = settings }

  /// Whether the mesh is told that this VR stands in.
  public var standsIn: Bool { if case .standingIn = state { true } else { false } }

  /// Whether this VR has the first one's addresses on the site's network.
  public var holdsAddresses: Bool {
    switch state {
    case .idle, .watching: false
    case .standingIn, .handingBack: true
    }
  }

  public var nextWakeup: Wakeup? {
    if case .idle = state { return nil }
    return Wakeup(at: asked + settings.askEvery, reason: "sign of life of the site's first VR")
  }

  /// - Parameter isWanted: whether there is a first VR that names this one.
  public mutating func watch(_ isWanted: Bool, at now: Instant) -> [Effect] {
    switch (state, isWanted) {
    case (.idle, true):
      state = .watching(since: now)
      asked = .zero
      return []
    case (.idle, false), (_, true): return []
    case (_, false):
      defer { state = .idle }
      return holdsAddresses ? [.handBack, .release] : []
    }
  }

  /// - Parameters:
  ///   - first, others: when the first VR, and any other, was last heard of; nil: not in this session.
  public mutating func look(first: Instant?, others: Instant?, at now: Instant) -> [Effect] {
    guard case let state = state, state != .idle, now - asked >= settings.askEvery else { return [] }
    asked = now
    var effects = [Effect.askFirst]
    let silence = first.map { now - $0 }
    let isSilent = silence.map { $0 >= settings.silenceMax } ?? true
    if silence.map({ $0 >= settings.doubtAfter }) ?? true { effects.append(.askOthers) }
    switch state {
    case .idle: break
    case .watching(let since):
      let isEarly = now - since < settings.graceAtStart && first == nil
      guard isSilent, !isEarly, let others, now - others <= settings.othersWithin else { break }
      self.state = .standingIn(since: now)
      (announced, steadySince) = (now, nil)
      effects += [.standIn, .announce]
    case .standingIn:
      if now - announced >= settings.announceEvery {
        announced = now
        effects.append(.announce)
      }
      guard !isSilent else {
        steadySince = nil
        break
      }
      let since = steadySince ?? now
      steadySince = since
      guard now - since >= settings.steadyFor else { break }
      self.state = .handingBack(until: now + settings.overlap)
      effects.append(.handBack)
    case .handingBack(let until):
      if isSilent {
        // It was not back for long; its addresses are still here.
        self.state = .standingIn(since: now)
        (announced, steadySince) = (now, nil)
        effects += [.standIn, .announce]
      } else if now >= until {
        self.state = .watching(since: now)
        effects.append(.release)
      }
    }
    return effects
  }
}
