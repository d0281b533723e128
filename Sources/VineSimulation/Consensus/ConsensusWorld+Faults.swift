import VineBase
import VineRaft

/// What goes wrong, and its end.
extension ConsensusWorld {
  mutating func doHarm() {
    guard !isCalm, let pause = settings.faultPause else { return }
    if let fault = random.element(of: settings.faults) { harm(fault) }
    agenda.add(.fault, at: after(random.jitter(pause)))
  }

  /// The leader half of the time: there the harm is greatest.
  private mutating func victim() -> Int {
    if random.below(2) == 0, let leader { return leader }
    return random.int(in: 0..<settings.count)
  }

  /// Whoever leads in the highest term.
  var leader: Int? {
    var best: (number: Int, term: Term)?
    for number in members.indices {
      guard let raft = members[number].raft, raft.isLeader, best.map({ $0.term < raft.term }) ?? true else { continue }
      best = (number, raft.term)
    }
    return best?.number
  }

  private mutating func harm(_ fault: ConsensusFault) {
    let number = victim()
    switch fault {
    case .crash: fall(number, for: [.zero, .milliseconds(300), .seconds(4)][random.int(in: 0..<3)])
    case .crashAll: for number in members.indices { fall(number, for: .milliseconds(500)) }
    case .partition: cut(from: random.next(), to: nil, for: .seconds(5))
    case .isolation: cut(from: 1 << UInt64(number), to: nil, for: .seconds(5))
    case .oneWay: cut(from: random.next(), to: random.next(), for: .seconds(4))
    case .cutEntries: cut(from: 1 << UInt64(number), to: random.next(), for: .seconds(3))
    case .loss: lossUntil = after(random.jitter(.seconds(2)))
    case .stall: members[number].stalledUntil = after(random.jitter(.seconds(4)))
    case .slowDisk:
      members[number].disk.syncMax = [.milliseconds(1), .milliseconds(40), .seconds(1)][random.int(in: 0..<3)]
    case .failingDisk: if members[number].isUp { members[number].disk.isFailing = true }
    case .diskLoss: if mayLose(number) { loseDisk(number) }
    case .backup: restoreBackup(number)
    case .drift: members[number].clock.setDrift(Int64(random.int(in: -1000..<1001)), at: now)
    case .transfer:
      let target = members[random.int(in: 0..<settings.count)].voter
      input(.transfer(to: random.below(2) == 0 ? nil : target), to: number)
    }
    if fault == .drift { rewake(number) }
  }

  private mutating func fall(_ number: Int, for longest: Duration) {
    crash(number)
    agenda.add(.start(number), at: after(random.jitter(longest)))
  }

  /// - Parameter to: the other side; nil: everybody who is not on this side, and both ways.
  private mutating func cut(from: UInt64, to: UInt64?, for longest: Duration) {
    let until = after(random.jitter(longest))
    cuts.removeAll { $0.until <= now }
    cuts.append(Cut(from: from, to: to ?? ~from, until: until))
    if to == nil { cuts.append(Cut(from: ~from, to: from, until: until)) }
  }

  /// Whoever was elected is asked for a change at once, and half of the time cut off from those who elected it, alone or
  /// with one other: this is when two configurations come to be.
  mutating func partAndChange(_ leader: Int) {
    agenda.add(.change(leader), at: after(random.jitter(.milliseconds(60))))
    guard random.below(2) == 0 else { return }
    let company = random.below(2) == 0 ? 0 : UInt64(1) << random.below(UInt64(settings.count))
    cut(from: 1 << UInt64(leader) | company, to: nil, for: .seconds(5))
  }

  private mutating func rewake(_ number: Int) {
    members[number].wakeup = nil
    setWakeup(number)
  }

  // MARK: Disks

  /// Whether a quorum keeps its disks in every configuration that may be in force: who loses more has lost the mesh.
  private func mayLose(_ number: Int) -> Bool {
    let victim = members[number].voter
    return configurations.allSatisfy { $0.isQuorum { $0 != victim && !lostStores.contains($0) } || !$0.isVoter(victim) }
  }

  /// The last two of every log.
  private var configurations: [Configuration] {
    members.flatMap { member in
      var known = [member.disk.written.snapshot.configuration]
      for entry in member.disk.written.entries {
        if case .configuration(let configuration) = entry.payload { known.append(configuration) }
      }
      return Array(known.suffix(2)).filter { !$0.voters.isEmpty }
    }
  }

  private mutating func loseDisk(_ number: Int) {
    crash(number)
    lostStores.insert(members[number].voter)
    members[number].disk.replace(with: RaftMemory())
    if !has(.keepsStoreAfterLoss) { renameStore(number) }
    agenda.add(.start(number), at: after(random.jitter(.seconds(2))))
  }

  private mutating func renameStore(_ number: Int) {
    storeCount += 1
    members[number].store = StoreID(high: 0, low: storeCount)
  }

  /// A store that comes back from a backup is another store, and begins empty.
  private mutating func restoreBackup(_ number: Int) {
    guard let backup = members[number].disk.backup else { return members[number].disk.keepBackup() }
    guard mayLose(number) else { return }
    guard has(.restoresBackup) else { return loseDisk(number) }
    crash(number)
    lostStores.insert(members[number].voter)
    members[number].disk.replace(with: backup)
    agenda.add(.start(number), at: after(random.jitter(.seconds(2))))
  }

  // MARK: The end of all faults

  /// Everything is mended and everybody starts, but for one voter, perhaps, that stays deaf, mute or both: with it, the
  /// group has to live.
  mutating func calmDown() {
    isCalm = true
    cuts = []
    lossUntil = 0
    for number in members.indices {
      if members[number].disk.isFailing { crash(number) }
      members[number].stalledUntil = 0
      members[number].disk.syncMax = .milliseconds(8)
      members[number].clock.setDrift(0, at: now)
      if members[number].isUp { rewake(number) } else { start(number) }
    }
    let odd = victim()
    if random.below(2) == 0, mayLose(odd) {
      let (one, rest, ever) = (UInt64(1) << UInt64(odd), ~(UInt64(1) << UInt64(odd)), Int64.max)
      if random.below(3) > 0 { cuts.append(Cut(from: rest, to: one, until: ever)) }
      if cuts.isEmpty || random.below(3) == 0 { cuts.append(Cut(from: one, to: rest, until: ever)) }
    }
  }

  /// Whether one member hears nothing, or is not heard.
  func isApart(_ number: Int) -> Bool {
    cuts.contains { $0.from == 1 << UInt64(number) || $0.to == 1 << UInt64(number) }
  }

  /// One client asks until it is answered.
  mutating func probe() {
    guard clients.allSatisfy({ !$0.isProbe }) else { return }
    clients[0].isProbe = true
    (clients[0].operation, clients[0].attempt) = (nil, 0)
    agenda.add(.think(0), at: now)
  }

  /// Whether some group has a quorum of stores that are there: without one, nobody can go on.
  var isRecoverable: Bool {
    configurations.allSatisfy { configuration in
      configuration.isQuorum { voter in
        !lostStores.contains(voter) && members.indices.contains { members[$0].voter == voter && !isApart($0) }
      }
    }
  }
}
