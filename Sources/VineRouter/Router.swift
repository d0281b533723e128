import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VinePath
import VineRaft
import VineRegistry
import VineRelay
import VineRouting
import VineSession
import VineWire

/// The control plane of one VR: hands each input to the core that owns it and the cores' effects to the shell
/// or to one another. It decides nothing that a core could decide.
///
/// Extensions by role: `Router+Sessions`, `Router+Paths`, `Router+Links`, `Router+QueueVR`, `Router+Control`, `Router+Requests`,
/// `Router+Commands`, `Router+StraightWay`, `Router+Tidings`, `Router+Joins`, `Router+Renewal`, `Router+Tables`, `Router+FailOver`,
/// `Router+Explain`.
public struct Router: Sendable {
  public internal(set) var identity: RouterIdentity
  public let placement: RouterPlacement
  public internal(set) var registrar: Registrar
  public internal(set) var gossip: Gossip
  public internal(set) var directory = Directory()
  public internal(set) var handshakes: Handshakes
  public internal(set) var peers = Peers()
  public internal(set) var reachability: Reachability
  public internal(set) var keeper: ChannelKeeper
  public internal(set) var directPaths: DirectPaths
  public internal(set) var nat: NATClassifier
  /// The channel to the second-best queue-VR, which takes over at once.
  public internal(set) var standby: ChannelKeeper
  public internal(set) var probing: LinkProbing
  public internal(set) var pathMTU: PathMTU
  public internal(set) var queueing: Queueing
  /// Which sites and ViNes this one deals with.
  public internal(set) var policy: SitePolicy
  /// The site's other VR, and what this one has to do with it.
  public internal(set) var succession: Succession
  public internal(set) var failOver = FailOver()
  /// The VR's own hosts (paper: LNDT).
  public internal(set) var hosts: LNDT
  public internal(set) var channels = Channels()
  var own: OwnRecord
  var tables = OwnTables()
  var trust: RecordTrust
  var authenticator: MeshAuthenticator
  var requests: Requests
  var explanations = PendingExplanations()
  var commands = PendingCommands()
  public internal(set) var renewal = Renewal()
  var tidings = Tidings()
  var reassembly = Reassembler()
  var random: RandomSource
  /// VRs behind which hosts of this VR's ViNes are, sorted.
  var dataPeers: [NodeID] = []
  /// When the router next wants to be called, and why.
  public private(set) var nextWakeup = Wakeup(at: .zero, reason: "start")
  var nextTick = Instant.zero
  var started = Instant.zero
  var ticks = 0
  /// How often sessions and channels are looked after; half as often while all wanted sessions stand.
  static let tick = Duration.milliseconds(500)

  /// - Parameters:
  ///   - policy, succession: the site's own.
  ///   - ephemeralKeys: fresh key pairs for handshakes, from libsodium in the shell.
  ///   - secrets: random bytes fit for secrets, likewise.
  public init(
    identity: RouterIdentity, placement: RouterPlacement, memory: RouterMemory, checks: Checks,
    policy: SitePolicy = SitePolicy(), succession: Succession = Succession(),
    ephemeralKeys: any EphemeralKeys, secrets: any EphemeralKeys, random: RandomSource
  ) {
    var random = random
    requests = Requests(secrets: secrets)
    self.identity = identity
    self.placement = placement
    self.policy = policy
    self.succession = succession
    hosts = memory.hosts
    directory = memory.knowledge.directory
    let known = directory.view.voters
    let voters = known.isEmpty ? [identity.genesis.founder] : known
    trust = RecordTrust(founder: identity.genesis.founder, isValid: checks.signature, content: checks.content)
    authenticator = MeshAuthenticator(checks: checks)
    registrar = Registrar(
      node: identity.node, voters: voters, store: memory.store, memory: memory.consensus,
      registry: memory.registry, random: RandomSource(seed: random.next()))
    registrar.registry.trust = checks.grants
    if let ledger = memory.ledger { registrar.begin(ledger) }
    gossip = Gossip(
      self: identity.node, incarnation: memory.incarnation, settings: GossipSettings(),
      random: RandomSource(seed: random.next()), knowledge: memory.knowledge.gossip)
    handshakes = Handshakes(
      key: identity.key, mesh: identity.genesis.meshID,
      credential: Credential.certificate(identity.certificate).encode(), suites: placement.suites,
      versions: placement.wireVersions, ephemeralKeys: ephemeralKeys, random: RandomSource(seed: random.next()))
    reachability = Reachability(node: identity.node, port: placement.port, random: RandomSource(seed: random.next()))
    keeper = ChannelKeeper(random: RandomSource(seed: random.next()))
    directPaths = DirectPaths(random: RandomSource(seed: random.next()))
    nat = NATClassifier(random: RandomSource(seed: random.next()))
    standby = ChannelKeeper(numbering: .second, random: RandomSource(seed: random.next()))
    probing = LinkProbing(random: RandomSource(seed: random.next()))
    queueing = Queueing(pinned: memory.pinned, random: RandomSource(seed: random.next()))
    pathMTU = PathMTU(random: RandomSource(seed: random.next()))
    own = OwnRecord(version: RecordVersion(epoch: memory.incarnation, sequence: 0))
    self.random = random
  }

  public var node: NodeID { identity.node }

  /// Gives another run of the same VR other luck.
  public mutating func reseed(_ random: RandomSource) {
    self.random = random
    gossip.reseed(RandomSource(seed: self.random.next()))
    registrar.reseed(RandomSource(seed: self.random.next()))
  }

  private var earliestWakeup: Wakeup {
    let cores = [
      registrar.nextWakeup, gossip.nextWakeup, handshakes.nextWakeup, reachability.nextWakeup, keeper.nextWakeup,
      standby.nextWakeup, directPaths.nextWakeup, nat.nextWakeup, probing.nextWakeup, pathMTU.nextWakeup,
      explanations.nextWakeup, commands.nextWakeup, failOver.nextWakeup,
      tables.announcements.nextWakeup,
    ]
    return cores.reduce(Wakeup(at: nextTick, reason: "look after sessions and tables")) {
      Wakeup.earliest($0, $1) ?? $0
    }
  }

  /// The one door.
  /// - Returns: effects in the order in which they are to be carried out.
  public mutating func handle(_ input: RouterInput, at now: Instant, wall: WallTime) -> [RouterEffect] {
    var turn = Turn(now: now, wall: wall)
    switch input {
    case .start: start(&turn)
    case .wakeup: wakeup(&turn)
    case .handshake(let bytes, let carrier): run(handshake: .received(bytes, via: carrier), &turn)
    case .control(let bytes, let peer, let carrier, let index):
      received(control: bytes, from: peer, via: carrier, on: index, &turn)
    case .confirmed(let index): run(handshake: .confirmed(localIndex: index), &turn)
    case .channelOpened(let channel): channelOpened(channel, &turn)
    case .channelAccepted(let channel, let endpoint): channels.acceptedFrom[channel] = endpoint
    case .channelClosed(let channel, let reason): channelClosed(channel, reason: reason, &turn)
    case .dialBack(let nonce, let from, let overTCP):
      run(reachability: .dialBackArrived(nonce: nonce, overTCP: overTCP), &turn)
      // How a NAT filters is asked of UDP alone.
      if !overTCP { run(nat: .dialBackArrived(nonce: nonce, from: from), &turn) }
    case .traffic(let shares): trafficFlows(shares, &turn)
    case .train(let id, let peer, let arrivals, let sent):
      run(links: .arrived(id, from: peer, arrivals, sent: sent), &turn)
    case .needsSession(let peer): connect(to: peer, &turn)
    case .needsRelay(let tag): relay(to: tag, &turn)
    case .unknownSession(let carrier): answerStaleSession(via: carrier, &turn)
    case .persisted(let number): run(registrar.persisted(number, at: now), &turn)
    case .addressesChanged(let addresses): addressesChanged(addresses, &turn)
    case .policyChanged(let policy): policyChanged(policy, &turn)
    case .successionChanged(let succession): successionChanged(succession, &turn)
    case .endpointsDeclared(let endpoints):
      if !endpoints.isEmpty { run(reachability: .declaredPublic(endpoints), &turn) }
    case .certificateRenewed(let der): renewed(der, &turn)
    case .authorityChanged(let authority): authorityChanged(authority, &turn)
    case .request(let id, let request): received(request, id, &turn)
    }
    settle(&turn)
    if !turn.records.isEmpty { turn.emit(.persistRecords(turn.records)) }
    nextWakeup = earliestWakeup
    return turn.effects
  }

  private mutating func start(_ turn: inout Turn) {
    started = turn.now
    learnVoters()
    epochLearned(&turn)
    for peer in directory.view.revoked {
      authenticator.revoked.insert(peer)
      run(gossip: .removed(peer), &turn)
    }
    for (peer, record) in directory.records where record.queueVR != nil { noteQueueVR(of: peer, at: turn.now) }
    addressesChanged(placement.localAddresses, &turn)
    if !placement.declaredEndpoints.isEmpty {
      run(reachability: .declaredPublic(placement.declaredEndpoints), &turn)
    }
    turn.ownRecordChanged = true
    turn.tablesChanged = true
    run(registrar.wakeup(at: turn.now), &turn)
    tick(&turn)
  }

  private mutating func wakeup(_ turn: inout Turn) {
    if isDue(registrar.nextWakeup, turn) { run(registrar.wakeup(at: turn.now), &turn) }
    if isDue(gossip.nextWakeup, turn) { run(gossip: .wakeup, &turn) }
    if isDue(handshakes.nextWakeup, turn) { run(handshake: .wakeup, &turn) }
    if isDue(reachability.nextWakeup, turn) { run(reachability: .wakeup, &turn) }
    if isDue(keeper.nextWakeup, turn) { run(keeper: .wakeup, &turn) }
    if isDue(standby.nextWakeup, turn) { run(standby: .wakeup, &turn) }
    if isDue(probing.nextWakeup, turn) { run(links: .wakeup, &turn) }
    if isDue(directPaths.nextWakeup, turn) { run(paths: .wakeup, &turn) }
    if isDue(explanations.nextWakeup, turn) { endExplanations(&turn) }
    if isDue(commands.nextWakeup, turn) { lookAfterCommands(&turn) }
    if isDue(pathMTU.nextWakeup, turn) { run(mtu: .wakeup, &turn) }
    if isDue(nat.nextWakeup, turn) { run(nat: .wakeup, &turn) }
    if isDue(failOver.nextWakeup, turn) { lookAtFirstVR(&turn) }
    if nextTick <= turn.now { tick(&turn) }
  }

  private func isDue(_ wakeup: Wakeup?, _ turn: Turn) -> Bool { wakeup.map { $0.at <= turn.now } ?? false }
}

/// One call of `handle`: its time, and what it has come to so far.
struct Turn {
  let now: Instant
  let wall: WallTime
  var effects: [RouterEffect] = []
  /// Records that gossip accepted: to be persisted together.
  var records: [SignedRecord] = []
  /// The VR's own record is to be written again once all inputs of the turn are digested.
  var ownRecordChanged = false
  /// Facts or records changed, from which GNDTs and the forwarding table are derived.
  var tablesChanged = false
  /// The LNDT changed.
  var hostsChanged = false
  /// Roles, endpoints or channels changed: carriers are to be chosen again.
  var pathsChanged = false

  init(now: Instant, wall: WallTime) {
    self.now = now
    self.wall = wall
  }

  mutating func emit(_ effect: RouterEffect) { effects.append(effect) }
  mutating func report(_ event: RouterEvent) { effects.append(.event(event)) }
}

/// The channels of this VR: its own to the queue-VR, and those of limited-VRs that chose it.
public struct Channels: Hashable, Sendable {
  /// The channel this VR opened and the VR at its other end.
  public internal(set) var toQueueVR: ChannelID?
  public internal(set) var queueVR: NodeID?
  public internal(set) var queueVRSince = Instant.zero
  /// Channels that limited-VRs opened, with established sessions.
  public internal(set) var accepted: SortedMap<NodeID, ChannelID> = [:]
  /// Where accepted channels come from.
  var acceptedFrom: SortedMap<ChannelID, Endpoint> = [:]
  /// Limited-VRs that chose this one, and the queue-VRs of the others.
  var served: SortedMap<NodeTag, Bool> = [:]
  var routes: SortedMap<NodeTag, NodeID> = [:]
  /// The data plane is to be told.
  /// VRs that limited-VRs reach through this one, and until when sessions with them are kept for that.
  var relayed: SortedMap<NodeID, Instant> = [:]
  var servedChanged = false
  var routesChanged = false
}

/// The VR's record about itself: the content last published and its version.
struct OwnRecord: Sendable {
  var version: RecordVersion
  var content: VRRecord?
  /// When it last said something new of the VR's hosts.
  var claimsChanged: Instant?
}
