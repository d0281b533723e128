import VineAddress
import VineBase
import VineRaft
import VineRegistry

/// A site that asks for blocks and ViNes, one thing after the other, and asks again where nobody answers.
struct ConsensusClient: Sendable {
  /// Tries of one request before the client goes on without an answer.
  static let attemptsMax = 12

  let site: NodeID
  /// The VR that it asks.
  var target: Int
  /// Under way: its place in the history.
  var operation: Int?
  var attempt = 0
  /// A try was not refused: the operation may take place without the client hearing of it.
  var isUncertain = false
  /// Asks one thing when all faults are over, until it has an answer.
  var isProbe = false
  /// Given to it and not given back, as far as it knows.
  var blocks: [Block] = []
  var vines: [NetworkID] = []

  init(site: NodeID, target: Int) { (self.site, self.target) = (site, target) }
}

extension ConsensusWorld {
  mutating func think(_ client: Int) {
    guard clients[client].operation == nil, !isCalm || clients[client].isProbe else { return }
    let operation = clients[client].isProbe ? probe(client) : nextOperation(client)
    begin(operation, client)
  }

  private mutating func begin(_ operation: ClientOperation, _ client: Int) {
    clients[client].operation = history.count
    (clients[client].attempt, clients[client].isUncertain) = (0, false)
    observations.append(.invoked(history.count, operation))
    history.append(HistoryItem(operation, invoked: now))
    ask(client)
  }

  private mutating func nextOperation(_ client: Int) -> ClientOperation {
    if random.below(100) < settings.readsPerCent { return read() }
    switch random.below(7) {
    case 0, 1:
      guard !clients[client].blocks.isEmpty else { return .blocks(of: clients[client].site) }
      let position = random.int(in: 0..<clients[client].blocks.count)
      return command(RegistryMachine.release(clients[client].blocks.remove(at: position)), client)
    case 2, 3: return command(.createVine(vineName(random.int(in: 0..<4))), client)
    case 4:
      guard !clients[client].vines.isEmpty else { return .vine(vineName(random.int(in: 0..<4))) }
      return command(.deleteVine(clients[client].vines.removeLast()), client)
    default: return command(.allocateBlock(hosts: RegistryMachine.hostsOfBlock, scope: nil), client)
    }
  }

  private mutating func read() -> ClientOperation {
    if random.below(3) == 0 { return .vine(vineName(random.int(in: 0..<4))) }
    return .blocks(of: clients[random.int(in: 0..<settings.sites)].site)
  }

  private func probe(_ client: Int) -> ClientOperation {
    let id = RegistryMachine.id(4, UInt64(history.count))
    return .command(
      Proposal(
        id: id, author: clients[client].site, at: WallTime(secondsSince1970: 1_800_000_000),
        command: .allocateBlock(hosts: RegistryMachine.hostsOfBlock, scope: nil)))
  }

  private func vineName(_ number: Int) -> VineName {
    guard let name = VineName("vine\(number)") else { preconditionFailure("a sound name") }
    return name
  }

  /// Each command has a name of its own; a repetition has the same. Clocks of sites are off by an hour at most.
  private mutating func command(_ command: RegistryCommand, _ client: Int) -> ClientOperation {
    let time = WallTime(secondsSince1970: 1_800_000_000 + Int64(random.below(7200)) - 3600 + now / 1_000_000_000)
    let id = RegistryMachine.id(1, UInt64(history.count))
    return .command(Proposal(id: id, author: clients[client].site, at: time, command: command))
  }

  private mutating func ask(_ client: Int) {
    guard let operation = clients[client].operation else { return }
    clients[client].attempt += 1
    let call = ClientCall(client: client, operation: operation)
    agenda.add(.request(call, at: clients[client].target), at: after(random.jitter(settings.latencyMax)))
    agenda.add(.impatient(call, attempt: clients[client].attempt), at: after(settings.patience))
  }

  mutating func impatient(_ call: ClientCall, _ attempt: Int) {
    guard clients[call.client].operation == call.operation, clients[call.client].attempt == attempt else { return }
    clients[call.client].target = random.int(in: 0..<settings.count)
    clients[call.client].isUncertain = true
    goOn(call)
  }

  mutating func refused(_ call: ClientCall, _ leader: Int?) {
    guard clients[call.client].operation == call.operation else { return }
    clients[call.client].target = leader ?? random.int(in: 0..<settings.count)
    goOn(call)
  }

  private mutating func goOn(_ call: ClientCall) {
    guard clients[call.client].attempt < ConsensusClient.attemptsMax || clients[call.client].isProbe else {
      if !clients[call.client].isUncertain { refusedForGood.insert(call.operation) }
      return end(call.client)
    }
    ask(call.client)
  }

  private mutating func end(_ client: Int) {
    clients[client].operation = nil
    agenda.add(.think(client), at: after(random.jitter(settings.thinkMax)))
  }

  mutating func answered(_ call: ClientCall, _ answer: ClientAnswer) {
    guard clients[call.client].operation == call.operation else { return }
    history[call.operation].returned = (now, answer)
    observations.append(.returned(call.operation, history[call.operation].operation, answer))
    if case .outcome(.success(let success)) = answer {
      switch success {
      case .allocated(let block): clients[call.client].blocks.append(block)
      case .vine(let network): clients[call.client].vines.append(network)
      default: break
      }
    }
    if clients[call.client].isProbe { return clients[call.client].operation = nil }
    end(call.client)
  }

  // MARK: At a VR

  mutating func take(_ call: ClientCall, at number: Int) {
    guard members[number].isUp, clients[call.client].operation == call.operation else { return }
    let operation = history[call.operation].operation
    guard case .command(let proposal) = operation else {
      if has(.followerReads) { return reply(call, number) }
      // A name of its own for each try.
      let context = UInt64(call.operation) << 8 | UInt64(clients[call.client].attempt & 0xFF)
      members[number].reads[context] = call
      return input(.read(ReadContext(rawValue: context)), to: number)
    }
    members[number].waiters[proposal.id] = call
    input(.propose([RegistryMachine.encode(proposal)]), to: number)
    if has(.answersBeforeCommit), members[number].raft?.isLeader == true {
      var machine = members[number].machine
      if let (_, outcome) = machine.apply(RegistryMachine.encode(proposal), at: machine.applied + 1) {
        agenda.add(.answer(call, .outcome(outcome)), at: after(random.jitter(settings.latencyMax)))
      }
    }
  }

  mutating func readable(_ context: ReadContext, _ index: LogIndex, _ number: Int) {
    guard let call = members[number].reads.removeValue(forKey: context.rawValue) else { return }
    members[number].unapplied.append((index.rawValue, call))
    answerApplied(number)
  }

  mutating func answerApplied(_ number: Int) {
    guard !members[number].unapplied.isEmpty else { return }
    let applied = members[number].machine.applied
    let ready = members[number].unapplied.filter { $0.index <= applied }
    members[number].unapplied.removeAll { $0.index <= applied }
    for (_, call) in ready { reply(call, number) }
  }

  private mutating func reply(_ call: ClientCall, _ number: Int) {
    guard let answer = members[number].machine.answer(history[call.operation].operation) else { return }
    agenda.add(.answer(call, answer), at: after(random.jitter(settings.latencyMax)))
  }

  mutating func refuse(_ request: Raft.Request, _ leader: VoterID?, _ number: Int) {
    let call: ClientCall?
    switch request {
    case .command(let bytes):
      call = RegistryMachine.name(of: bytes).flatMap { members[number].waiters.removeValue(forKey: $0) }
    case .read(let context): call = members[number].reads.removeValue(forKey: context.rawValue)
    case .configuration, .transfer: call = nil
    }
    guard let call else { return }
    let pause = Duration.milliseconds(10) + random.jitter(.milliseconds(200))
    agenda.add(.refused(call, leader: leader.map { Self.number(of: $0.node) }), at: after(pause))
  }
}
