import VineBase
import VineRaft
import VineRegistry

/// A VR's life: its starts, inputs, effects, writes and crashes.
extension ConsensusWorld {
  mutating func start(_ number: Int) {
    let memory = members[number].disk.durable
    observations.append(.started(number, memory))
    var raft = Raft(
      self: members[number].voter, memory: memory, settings: settings.raft, random: RandomSource(seed: random.next()))
    raft.flaws = bug?.flaws ?? []
    members[number].life += 1
    members[number].clock.restart(at: now, &random)
    members[number].raft = raft
    members[number].began = now
    members[number].wakeup = nil
    (members[number].effects, members[number].syncing) = ([], nil)
    (members[number].waiters, members[number].reads, members[number].unapplied) = ([:], [:], [])
    load(memory.snapshot, number)
    setWakeup(number)
  }

  private mutating func load(_ snapshot: Snapshot, _ number: Int) {
    let machine = RegistryMachine(
      sites: settings.sites, snapshot: snapshot.state, forgetsOutcomes: has(.snapshotForgetsOutcomes))
    guard let machine else { return observations.append(.unreadableSnapshot(number, snapshot)) }
    members[number].machine = machine
    members[number].machine.skip(to: snapshot.index.rawValue)
    members[number].compactedAt = snapshot.index.rawValue
    observations.append(.restored(number, snapshot))
  }

  mutating func crash(_ number: Int) {
    guard members[number].isUp else { return }
    let tears = has(.acceptsTornTail) && random.below(2) == 0
    members[number].disk.crash(members[number].syncing, tears: tears, &random)
    members[number].raft = nil
    (members[number].effects, members[number].syncing) = ([], nil)
    members[number].disk.isFailing = false
    observations.append(.crashed(number))
  }

  // MARK: Inputs

  mutating func wake(_ number: Int, _ life: Int) {
    guard members[number].isUp, members[number].life == life, members[number].wakeup.map({ $0 <= now }) ?? false
    else { return }
    members[number].wakeup = nil
    if foundsAlone(number) { return }
    let isDue = members[number].raft?.nextWakeup.map { $0.at <= members[number].clock.local(now) } ?? false
    if isDue { input(.wakeup, to: number) } else { setWakeup(number) }
  }

  mutating func setWakeup(_ number: Int) {
    guard let wakeup = members[number].raft?.nextWakeup else {
      if has(.joinerFounds) { schedule(number, at: after(.seconds(1))) }
      return
    }
    schedule(number, at: max(now, wakeup.at == .zero ? now : members[number].clock.world(wakeup.at)))
  }

  private mutating func schedule(_ number: Int, at time: Int64) {
    if let set = members[number].wakeup, set <= time { return }
    members[number].wakeup = time
    agenda.add(.wakeup(number, life: members[number].life), at: time)
  }

  /// The flaw of two bootstraps.
  private mutating func foundsAlone(_ number: Int) -> Bool {
    guard has(.joinerFounds), members[number].raft?.configuration.voters.isEmpty == true,
      now - members[number].began > Duration.seconds(3).inNanoseconds
    else { return false }
    members[number].disk.replace(with: .founding([members[number].voter]))
    start(number)
    return true
  }

  mutating func input(_ input: Raft.Input, to number: Int) {
    guard var raft = members[number].raft else { return }
    // No second owner, so that the core is changed in place.
    members[number].raft = nil
    let configuration = raft.configuration
    let (wasLeader, term) = (raft.isLeader, raft.term)
    let effects = raft.handle(input, at: members[number].clock.local(now))
    if raft.isLeader, !wasLeader {
      observations.append(.led(number, raft.voter, raft.term))
      if settings.choosesAtOnce, !isCalm { partAndChange(number) }
    }
    for effect in effects {
      switch effect {
      case .persist(let write):
        members[number].disk.write(write)
        observations.append(.wrote(number, write))
      case .committed(let entries):
        let isOwn = raft.isLeader || wasLeader && raft.term == term
        observations.append(.committed(number, entries, by: isOwn ? raft.term : nil, configuration))
      default: break
      }
    }
    members[number].raft = raft
    members[number].effects += effects
    if members[number].syncing == nil { carryOut(number) }
    setWakeup(number)
  }

  // MARK: Effects

  /// Carries out what waits, up to the next write.
  private mutating func carryOut(_ number: Int) {
    while members[number].syncing == nil, members[number].isUp, !members[number].effects.isEmpty {
      if has(.sendsBeforeSync) { sendAhead(number) }
      guard !members[number].effects.isEmpty else { break }
      let effect = members[number].effects.removeFirst()
      guard case .persist(let write) = effect else {
        carryOut(effect, number)
        continue
      }
      members[number].syncing = write
      let time = random.jitter(members[number].disk.syncMax)
      agenda.add(.synced(number, life: members[number].life), at: after(time))
    }
    compact(number)
  }

  private mutating func sendAhead(_ number: Int) {
    var rest: [Raft.Effect] = []
    for effect in members[number].effects {
      if case .send = effect { carryOut(effect, number) } else { rest.append(effect) }
    }
    members[number].effects = rest
  }

  mutating func synced(_ number: Int, _ life: Int) {
    guard members[number].isUp, members[number].life == life, let write = members[number].syncing else { return }
    if !members[number].disk.sync(write), !has(.retriesSync) {
      // A write that failed is not repeated: the voter stops (it reads its disk again when it starts).
      crash(number)
      return agenda.add(.start(number), at: after(.seconds(1)))
    }
    members[number].syncing = nil
    observations.append(.synced(number, write))
    carryOut(number)
    input(.persisted(write.number), to: number)
  }

  private mutating func carryOut(_ effect: Raft.Effect, _ number: Int) {
    switch effect {
    case .persist: preconditionFailure("a write waits for the disk")
    case .send(let message, let node): post(message, from: number, to: Self.number(of: node))
    case .committed(let entries): for entry in entries { apply(entry, number) }
    case .restore(let snapshot):
      load(snapshot, number)
      answerApplied(number)
    case .readable(let context, let index): readable(context, index, number)
    case .refused(let request, _, let leader): refuse(request, leader, number)
    case .role, .configuration: break
    }
  }

  private mutating func apply(_ entry: LogEntry, _ number: Int) {
    observations.append(.applied(number, entry))
    var command: [UInt8]?
    if case .command(let bytes) = entry.payload { command = bytes }
    if let (proposal, outcome) = members[number].machine.apply(command, at: entry.index.rawValue),
      let call = members[number].waiters.removeValue(forKey: proposal)
    {
      agenda.add(.answer(call, .outcome(outcome)), at: after(random.jitter(settings.latencyMax)))
    }
    answerApplied(number)
  }

  private mutating func compact(_ number: Int) {
    let applied = members[number].machine.applied
    guard !isBehind(number), applied >= members[number].compactedAt + settings.compactsAfter else { return }
    members[number].compactedAt = applied
    observations.append(.compacted(number, LogIndex(rawValue: applied), digest: members[number].machine.digest))
    input(.compact(through: LogIndex(rawValue: applied), state: members[number].machine.snapshot), to: number)
  }

  /// Whether the core knows less than the state machine: it is down.
  private func isBehind(_ number: Int) -> Bool {
    guard let raft = members[number].raft else { return true }
    return members[number].machine.applied > raft.commitIndex.rawValue
  }
}
