import VineAddress
import VineBase
import VineGossip
import VineRaft
import VineIdentity
import VineRouter
import VineSession

/// A whole mesh on virtual time: the real routers and the real wire format over a simulated underlay. A value: a copy
/// is another run of the same mesh, which shares what neither changes.
public struct World: Sendable {
  public internal(set) var now: Int64 = 0
  public var underlay: Underlay
  public var trace = Trace()
  /// What was sent, by kind of message.
  public var census = Census()
  /// A write is durable after this.
  public var syncTime = Duration.milliseconds(2)
  var vrs: [SimulatedVR] = []
  /// One for each VR.
  var routers: [Router] = []
  var nats: [NAT] = []
  var queue = EventQueue()
  var frames = Frames()
  var pendingSyncs = Syncs()
  /// Under way.
  var trains: [Int: Train] = [:]
  var trainCount = 0
  var random: RandomSource
  let checks: Checks
  let wall: WallTime
  /// VRs by identity.
  var numbers: [NodeID: Int] = [:]
  /// Events handled, for the speed of the simulator.
  public internal(set) var eventCount = 0
  /// Requests that were carried out.
  public internal(set) var answerCount = 0
  /// What the observers asked to be told of since they last looked.
  public internal(set) var verdicts: [Verdict] = []
  /// Tokens that the founder gave out and nobody has used yet.
  var tokens: [InvitationToken] = []
  /// VRs that take part in each ViNe, `vine0` first.
  public internal(set) var vineMembers: [[Int]] = []
  /// Requests whose answers are to be kept, and what they came to.
  var awaited: Set<RequestID> = []
  var answers: [RequestID: Result<LocalAnswer, RequestFailure>] = [:]
  private var requestCount: UInt64 = 0
  /// Packets that hosts got since somebody last forgot them.
  var deliveries: [Delivery] = []
  /// Sites that are joining.
  var guests: [Int: GuestJoin] = [:]
  /// What becomes of the next frames that arrive, first the first; see `Meddling`.
  public var meddlings: [Meddling] = []

  /// A VR's gossip changed its mind about another VR.
  public struct Verdict: Sendable {
    public let at: Int64
    public let by: Int
    public let about: Int
    public let state: MemberState
  }

  init(checks: Checks, wall: WallTime, seed: UInt64) {
    self.checks = checks
    self.wall = wall
    random = RandomSource(seed: seed)
    underlay = Underlay(count: 0)
  }

  public var count: Int { vrs.count }
  public var instant: Instant { Instant(nanoseconds: now) }

  /// VRs whose process runs.
  public var live: [Int] { vrs.indices.filter { vrs[$0].isRunning } }
  public func isLive(_ index: Int) -> Bool { vrs[index].isRunning }
  public func router(_ index: Int) -> Router { routers[index] }
  public var natCount: Int { nats.count }
  /// Counts the starts and ends of a VR's process.
  func life(of index: Int) -> Int { vrs[index].life }
  public func node(_ index: Int) -> NodeID { vrs[index].node }
  public func bytes(of index: Int) -> (sent: Int, received: Int) { (vrs[index].bytesSent, vrs[index].bytesReceived) }
  public func payloadsSent(by index: Int) -> Int { vrs[index].payloadsSent }

  /// Gives another run of this mesh other luck.
  public mutating func reseed(_ seed: UInt64) {
    random = RandomSource(seed: seed)
    for index in routers.indices { routers[index].reseed(RandomSource(seed: random.next())) }
    trace = Trace()
    verdicts = []
    eventCount = 0
    for index in vrs.indices { (vrs[index].bytesSent, vrs[index].bytesReceived, vrs[index].payloadsSent) = (0, 0, 0) }
  }

  public mutating func forgetVerdicts() { verdicts = [] }

  // MARK: Time

  public mutating func run(_ duration: Duration) { run(until: now + duration.inNanoseconds) }

  mutating func run(until end: Int64) {
    while let next = queue.next, next <= end {
      guard let entry = queue.removeFirst() else { break }
      now = max(now, entry.at)
      handle(entry)
    }
    now = end
  }

  /// Runs until `condition` holds, looked at every `step`. - Returns: after how long, or nil if not within `limit`.
  public mutating func run(
    atMost limit: Duration, step: Duration = .milliseconds(20), until condition: (inout World) -> Bool
  ) -> Duration? {
    let start = now
    while true {
      if condition(&self) { return .nanoseconds(now - start) }
      guard now - start < limit.inNanoseconds else { return nil }
      run(step)
    }
  }

  private mutating func handle(_ entry: EventQueue.Entry) {
    let index = Int(entry.index)
    if entry.kind == .wakeup {
      guard vrs[index].wakeupAt == entry.at else { return }
      vrs[index].wakeupAt = .max
    }
    if vrs[index].stalledUntil > now, entry.kind != .synced {
      // A process that is held up: datagrams wait in its socket, timers come late.
      if entry.kind == .wakeup { vrs[index].wakeupAt = vrs[index].stalledUntil }
      return queue.add(entry.kind, at: vrs[index].stalledUntil, index: index, detail: Int(entry.detail))
    }
    eventCount += 1
    switch entry.kind {
    case .wakeup: input(.wakeup, to: index)
    case .datagram, .record: frameArrived(Int(entry.detail), at: index)
    case .channelOpened where guests[index] != nil: guestConnected(index)
    case .channelOpened: input(.channelOpened(ChannelID(rawValue: UInt64(entry.detail))), to: index)
    case .channelAccepted: accepted(Int(entry.detail), at: index)
    case .channelClosed where guests[index] != nil: queue.add(.join, at: now + 1_000_000_000, index: index)
    case .channelClosed: closed(Int(entry.detail), at: index)
    case .synced: synced(Int(entry.detail), at: index)
    case .start: start(index)
    case .join: beginJoin(index)
    case .train: trainArrived(Int(entry.detail), at: index)
    case .resume: break
    }
  }

  // MARK: Inputs and effects

  mutating func input(_ input: RouterInput, to index: Int) {
    let (local, wall) = (vrs[index].local(now), wallTime)
    guard vrs[index].isRunning else { return }
    let effects = routers[index].handle(input, at: local, wall: wall)
    for effect in effects { carryOut(effect, of: index) }
    schedule(index)
  }

  var wallTime: WallTime { WallTime(secondsSince1970: wall.secondsSince1970 + now / 1_000_000_000) }

  private mutating func schedule(_ index: Int) {
    guard vrs[index].isRunning else { return }
    let due = routers[index].nextWakeup.at
    let at = max(vrs[index].global(due), now + 1000)
    guard at < vrs[index].wakeupAt else { return }
    vrs[index].wakeupAt = at
    queue.add(.wakeup, at: at, index: index)
  }

  // MARK: Processes

  /// Starts the VR's process with what its disk holds.
  public mutating func start(_ index: Int) {
    guard !vrs[index].isRunning else { return }
    vrs[index].isRunning = true
    vrs[index].life += 1
    vrs[index].plane = SimulatedPlane()
    vrs[index].wakeupAt = .max
    routers[index] = makeRouter(vrs[index], vrs[index].store.memory(), seed: random.next())
    trace.note(.start, at: now, index, -1, 0, 0)
    input(.start, to: index)
  }

  func makeRouter(_ vr: SimulatedVR, _ memory: RouterMemory, seed: UInt64) -> Router {
    let placement = RouterPlacement(
      declaredEndpoints: vr.nat == nil ? [vr.endpoint] : [], localAddresses: [vr.endpoint.address],
      port: vr.endpoint.port, bootstrap: vr.bootstrap)
    return Router(
      identity: vr.identity, placement: placement, memory: memory, checks: checks,
      ephemeralKeys: SeededEphemeralKeys(seed: seed), secrets: SeededEphemeralKeys(seed: seed ^ 1),
      random: RandomSource(seed: seed ^ 2))
  }

  public mutating func start(_ index: Int, after delay: Duration) {
    queue.add(.start, at: now + delay.inNanoseconds, index: index)
  }

  /// The process ends at once: no farewell, and what was not synced is lost.
  public mutating func crash(_ index: Int) {
    vrs[index].isRunning = false
    vrs[index].life += 1
    for channel in vrs[index].plane.channels.values { reset(channel) }
    vrs[index].plane = SimulatedPlane()
    trace.note(.channelClosed, at: now, index, -1, 0, 0)
  }

  /// The process is held up, as by swapping or a debugger.
  public mutating func stall(_ index: Int, for duration: Duration) {
    vrs[index].stalledUntil = max(vrs[index].stalledUntil, now + duration.inNanoseconds)
  }

  public mutating func setClock(of index: Int, driftPartsPerMillion: Int64) {
    // The clock goes on from what it shows.
    let shown = vrs[index].local(now).nanoseconds
    vrs[index].driftPartsPerMillion = driftPartsPerMillion
    vrs[index].offset += shown - vrs[index].local(now).nanoseconds
    schedule(index)
  }

  public mutating func partition(_ side: (Int) -> UInt8) {
    for index in vrs.indices { underlay.sides[index] = side(index) }
  }

  public mutating func flushNAT(_ number: Int) { nats[number].flush() }

  /// Hosts of the two sites exchange packets: what the data planes report each second while they do.
  public mutating func exchange(_ first: Int, _ second: Int) {
    input(.traffic([TrafficShare(vrs[second].node)]), to: first)
    input(.traffic([TrafficShare(vrs[first].node)]), to: second)
  }

  /// How the VR's frames go to the other.
  public func carrier(from index: Int, to other: Int) -> Carrier? { vrs[index].plane.carriers[vrs[other].node] }

  /// A request as from the VR's own machine.
  public mutating func request(_ request: LocalRequest, at index: Int) {
    input(.request(nextRequest(), request), to: index)
  }

  /// A request whose answer is to be kept until `takeAnswer`.
  mutating func ask(_ request: LocalRequest, at index: Int) -> RequestID {
    let id = nextRequest()
    awaited.insert(id)
    input(.request(id, request), to: index)
    return id
  }

  /// What the request came to; nil while it is not answered.
  mutating func takeAnswer(_ id: RequestID) -> Result<LocalAnswer, RequestFailure>? {
    answers.removeValue(forKey: id)
  }

  private mutating func nextRequest() -> RequestID {
    requestCount += 1
    return RequestID(rawValue: requestCount)
  }
}

/// Writes of the log that are on their way to the disk.
struct Syncs: Sendable {
  struct Sync: Sendable {
    let number: WriteNumber
    let life: Int
  }

  private var all: [Int: Sync] = [:]
  private var last = 0

  mutating func add(_ sync: Sync) -> Int {
    last += 1
    all[last] = sync
    return last
  }

  mutating func take(_ number: Int) -> Sync? { all.removeValue(forKey: number) }
}
