import VineBase
import VinePath
import VineRegistry
import VineRelay
import VineWire

/// The choice of the queue-VR by measured bandwidth (paper 3.4, 6), the standby beside it, and moves between them.
extension Router {
  /// Ranks those that could be the queue-VR; the channel is opened to the best, and a second one to the next.
  mutating func chooseQueueVR(
    among known: [QueueCandidate], besides unknown: [QueueCandidate], _ turn: inout Turn
  ) {
    let nodes = known.compactMap(\.node)
    queueing.offered(reachability.role == .limited ? nodes : [])
    let choice = queueing.freshChoice(at: turn.now) ?? rank(nodes)
    queueing.choose(choice, at: turn.now)
    let ranked = choice.candidates.compactMap { candidate in known.first { $0.node == candidate.node } }
    let order = pinnedFirst(ranked)
    run(keeper: .candidates(order + unknown), &turn)
    guard reachability.role == .limited, keeper.channel != nil, let current = keeper.queueVR else { return }
    consider(choice, current, turn)
    let others = order.filter { $0.node != keeper.queueVR }
    let target = queueing.target.flatMap { target in others.first { $0.node == target } }
    run(standby: .candidates(target.map { [$0] } ?? others), &turn)
    if target != nil, standby.queueVR == queueing.target, standby.channel != nil { takeStandby(&turn) }
  }

  private func rank(_ nodes: [NodeID]) -> QueueChoice {
    var served = SortedMap<NodeID, Int>()
    for (peer, record) in directory.records where peer != node {
      if let queueVR = record.queueVR { served[queueVR, default: 0] += 1 }
    }
    var links = LinkMatrix()
    for (peer, record) in directory.records where peer != node && !record.links.isEmpty { links[peer] = record.links }
    links[node] = toldLinks
    let peers = dataPeers.prefix(Self.eagerPeersMax)
    // A peer that is limited itself is reached through its own queue-VR.
    let doors = peers.compactMap { peer -> NodeID? in
      guard let record = directory.records[peer] else { return nil }
      return record.role == .limited ? record.queueVR : peer
    }
    return QueueChoice(for: node, among: nodes, peers: doors, links: links, served: served)
  }

  private func pinnedFirst(_ candidates: [QueueCandidate]) -> [QueueCandidate] {
    guard let pinned = queueing.pinned else { return candidates }
    return candidates.filter { $0.node == pinned } + candidates.filter { $0.node != pinned }
  }

  private mutating func consider(_ choice: QueueChoice, _ current: NodeID, _ turn: Turn) {
    if let target = queueing.target, target == current || !queueing.isCandidate(target) || queueing.isLate(turn.now) {
      queueing.aim(at: nil, turn.now)
    }
    guard queueing.target == nil else { return }
    let now = turn.now
    if let target = queueing.consider(choice, current: current, at: now) { queueing.aim(at: target, now) }
  }

  // MARK: The second channel

  mutating func run(standby input: ChannelKeeper.Input, _ turn: inout Turn) {
    for effect in standby.handle(input, at: turn.now) {
      switch effect {
      case .dial(let channel, let endpoint): turn.emit(.openChannel(channel, endpoint))
      case .close(let channel):
        turn.pathsChanged = true
        turn.emit(.closeChannel(channel))
      case .keepalive(let channel):
        if let peer = standby.queueVR {
          send(.keepalive(sequence: 1, isReply: false), to: peer, via: .channel(channel), &turn)
        }
      case .queueVR:
        turn.pathsChanged = true
        if keeper.queueVR != nil, keeper.channel == nil { takeStandby(&turn) }
      }
    }
  }

  /// What concerns a channel is for the keeper that dialled it.
  mutating func run(owning channel: ChannelID, _ input: ChannelKeeper.Input, _ turn: inout Turn) {
    if standby.owns(channel) { run(standby: input, &turn) } else if keeper.owns(channel) { run(keeper: input, &turn) }
  }

  /// The second channel becomes the first, at once: its VR is the queue-VR from now on. Peers hear of it by the way that
  /// frames come, before the record says so.
  mutating func takeStandby(_ turn: inout Turn) {
    guard standby.channel != nil, let queueVR = standby.queueVR else { return }
    swap(&keeper, &standby)
    queueing.aim(at: nil, turn.now)
    queueVRChanged(queueVR, &turn)
    choosePaths(&turn)
    for peer in dataPeers.prefix(Self.eagerPeersMax) where peers.isConnected(peer) {
      send(.keepalive(sequence: 0, isReply: false), to: peer, &turn)
    }
  }

  // MARK: Requests

  mutating func pinQueueVR(_ site: SiteName?, _ id: RequestID, _ turn: inout Turn) {
    guard let site else {
      queueing.pinned = nil
      turn.emit(.persistPin(nil))
      return turn.emit(.answer(id, .success(.done)))
    }
    guard let peer = directory.view.site(named: site) else {
      return refuse(id, RequestFailure("there is no site \(site)", mend: "see `vine-mesh status relay`"), &turn)
    }
    guard directory.records[peer]?.role == .public else {
      let failure = RequestFailure(
        "\(site) is not public, so it can be nobody's queue-VR", mend: "choose one that `vine-mesh status relay` lists")
      return refuse(id, failure, &turn)
    }
    queueing.pinned = peer
    turn.emit(.persistPin(peer))
    turn.emit(.answer(id, .success(.done)))
  }
}

/// Who could be the queue-VR, who is to be, and who took whom lately.
public struct Queueing: Sendable {
  /// The last ranking.
  public private(set) var choice: QueueChoice?
  private var chosenAt = Instant.zero
  public internal(set) var pinned: NodeID?
  /// The VR to move to, once a channel to it is open.
  public private(set) var target: NodeID?
  private var targetSince = Instant.zero
  private var candidates: [NodeID] = []
  private var mover: QueueMover
  /// Whom other limited-VRs have, and when they took it.
  private var taken = SortedMap<NodeID, Taken>()

  private struct Taken: Sendable {
    let queueVR: NodeID
    let since: Instant
  }

  /// Sessions are held with so many that could be the queue-VR, so that they are measured.
  static let candidatesMax = 8
  static let rankEvery = Duration.seconds(2)
  static let movesWithin = Duration.seconds(10)
  static let moveMax = Duration.seconds(15)

  init(pinned: NodeID?, random: RandomSource) {
    self.pinned = pinned
    mover = QueueMover(random: random)
  }

  var wanted: [NodeID] { candidates }
  func isCandidate(_ node: NodeID) -> Bool { candidates.contains(node) }

  mutating func offered(_ nodes: [NodeID]) {
    let nodes = Array(nodes.prefix(Self.candidatesMax))
    if nodes != candidates { (candidates, choice) = (nodes, nil) }
  }

  /// The last ranking, if nothing that counts can have changed: links are told seldom.
  func freshChoice(at now: Instant) -> QueueChoice? { now - chosenAt < Self.rankEvery ? choice : nil }

  mutating func choose(_ choice: QueueChoice, at now: Instant) {
    if choice != self.choice || now - chosenAt >= Self.rankEvery { chosenAt = now }
    self.choice = choice
  }

  mutating func aim(at node: NodeID?, _ now: Instant) { (target, targetSince) = (node, now) }

  func isLate(_ now: Instant) -> Bool { target != nil && now - targetSince >= Self.moveMax }

  mutating func noted(_ peer: NodeID, _ queueVR: NodeID?, at now: Instant) {
    guard taken[peer]?.queueVR != queueVR else { return }
    taken[peer] = queueVR.map { Taken(queueVR: $0, since: now) }
  }

  mutating func consider(_ choice: QueueChoice, current: NodeID, at now: Instant) -> NodeID? {
    let taken = taken
    return mover.consider(
      choice, current: current, pinned: pinned,
      recentMoves: { node in taken.values.count { $0.queueVR == node && now - $0.since < Self.movesWithin } }, at: now)
  }
}
