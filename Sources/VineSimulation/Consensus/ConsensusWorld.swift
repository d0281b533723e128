import VineBase
import VineRaft
import VineRegistry
import VineWire

/// A group of voters on virtual time: real consensus, the real registry, and everything else made of one seed.
struct ConsensusWorld: Sendable {
  enum Event: Sendable {
    case deliver(RaftMessage, from: Int, to: Int)
    case wakeup(Int, life: Int)
    case synced(Int, life: Int)
    case start(Int)
    case request(ClientCall, at: Int)
    case answer(ClientCall, ClientAnswer)
    case refused(ClientCall, leader: Int?)
    case impatient(ClientCall, attempt: Int)
    case think(Int)
    case fault
    case choose
    case change(Int)
  }

  /// Messages between these sides are dropped until then; a bit for each VR.
  struct Cut: Sendable {
    let from, to: UInt64
    let until: Int64
  }

  let settings: ConsensusSettings
  let bug: ConsensusBug?
  var random: RandomSource
  private(set) var now: Int64 = 0
  var agenda = Agenda<Event>()
  var members: [ConsensusMember] = []
  var clients: [ConsensusClient] = []
  var history: [HistoryItem<ClientOperation, ClientAnswer>] = []
  var cuts: [Cut] = []
  var lossUntil: Int64 = 0
  /// Stores that are gone, with what they held.
  var lostStores: Set<VoterID> = []
  var isCalm = false
  /// Operations of the history that were refused at every try: they never took place.
  var refusedForGood: Set<Int> = []
  var storeCount: UInt64 = 0
  var trace = ConsensusTrace()
  private(set) var eventCount = 0
  /// What happened since they were last taken: for the checkers.
  var observations: [ConsensusObservation] = []

  init(_ settings: ConsensusSettings, seed: UInt64, bug: ConsensusBug?) {
    (self.settings, self.bug) = (settings, bug)
    random = RandomSource(seed: seed)
    let nodes = (0..<settings.count).map(Self.node)
    let founders = nodes.prefix(settings.founders).enumerated().map { number, node in
      VoterID(node: node, store: StoreID(high: 0, low: UInt64(number + 1)))
    }
    storeCount = UInt64(settings.count)
    for (number, node) in nodes.enumerated() {
      let memory = number < settings.founders ? RaftMemory.founding(founders) : RaftMemory()
      members.append(
        ConsensusMember(
          node: node, store: StoreID(high: 0, low: UInt64(number + 1)), disk: SimulatedDisk(memory),
          machine: RegistryMachine(sites: settings.sites)))
      start(number)
    }
    for site in 0..<settings.sites {
      clients.append(ConsensusClient(site: RegistryMachine.site(site), target: random.int(in: 0..<settings.count)))
      agenda.add(.think(site), at: random.jitter(.seconds(2)).inNanoseconds)
    }
    if settings.faultPause != nil { agenda.add(.fault, at: random.jitter(.seconds(2)).inNanoseconds) }
    if settings.choosePause != nil { agenda.add(.choose, at: random.jitter(.seconds(3)).inNanoseconds) }
  }

  static func node(_ number: Int) -> NodeID {
    guard let node = NodeID([UInt8](repeating: UInt8(number + 1), count: NodeID.byteCount)) else {
      preconditionFailure("an identity has 32 bytes")
    }
    return node
  }

  static func number(of node: NodeID) -> Int { Int(node.bytes[0]) - 1 }

  func has(_ flaw: ShellFlaws) -> Bool { bug?.shell.contains(flaw) ?? false }

  func after(_ duration: Duration) -> Int64 { now + duration.inNanoseconds }

  /// Carries out the next event.
  /// - Returns: false if the next one is after `end`, at which time then is.
  mutating func step(until end: Int64) -> Bool {
    guard let next = agenda.next, next <= end, let (at, event) = agenda.removeFirst() else {
      now = end
      return false
    }
    now = at
    if let stalled = stalled(event) {
      agenda.add(event, at: stalled)
      return true
    }
    eventCount += 1
    trace.note(event, at: now)
    switch event {
    case .deliver(let message, let from, let to): deliver(message, from: from, to: to)
    case .wakeup(let number, let life): wake(number, life)
    case .synced(let number, let life): synced(number, life)
    case .start(let number): if !members[number].isUp { start(number) }
    case .request(let call, let number): take(call, at: number)
    case .answer(let call, let answer): answered(call, answer)
    case .refused(let call, let leader): refused(call, leader)
    case .impatient(let call, let attempt): impatient(call, attempt)
    case .think(let client): think(client)
    case .fault: doHarm()
    case .choose: choose()
    case .change(let number): change(at: number)
    }
    return true
  }

  /// - Returns: when a held-up process gets to it.
  private func stalled(_ event: Event) -> Int64? {
    let number: Int
    switch event {
    case .deliver(_, _, let to): number = to
    case .wakeup(let of, _), .synced(let of, _), .request(_, let of): number = of
    default: return nil
    }
    return members[number].stalledUntil > now ? members[number].stalledUntil : nil
  }

  // MARK: Network

  mutating func post(_ message: RaftMessage, from: Int, to: Int) {
    observations.append(.sent(message, by: VoterID(node: members[from].node, store: message.from)))
    let copies = !isCalm && random.below(100) < settings.duplicatePerCent ? 2 : 1
    for _ in 0..<copies {
      let loss = isCalm ? 0 : now < lossUntil ? 50 : settings.lossPerCent
      guard random.below(100) >= loss else { continue }
      let isStray = !isCalm && random.below(1000) < settings.straysPerThousand
      let least = settings.latencyMin ?? settings.latencyMax / 4
      let delay = least + random.jitter(isStray ? .seconds(3) : settings.latencyMax - least)
      agenda.add(.deliver(message, from: from, to: to), at: after(delay))
    }
  }

  private mutating func deliver(_ message: RaftMessage, from: Int, to: Int) {
    guard members[to].isUp, !isCut(from, to) else { return }
    var message = message
    if settings.usesWire {
      do {
        guard case .raft(let read) = try ControlMessage.decode(ControlMessage.raft(message).encode()) else { return }
        guard read == message else { preconditionFailure("the wire changes \(message)") }
        message = read
      } catch {
        preconditionFailure("the wire cannot carry \(message): \(error)")
      }
    }
    input(.received(message, from: members[from].node), to: to)
  }

  func isCut(_ from: Int, _ to: Int) -> Bool {
    cuts.contains { $0.until > now && $0.from >> UInt64(from) & 1 == 1 && $0.to >> UInt64(to) & 1 == 1 }
  }
}
