import Testing
import VineBase

@testable import VineRaft

/// VRs on virtual time, each with one store; messages take `latency`, writes take no time unless a disk is held.
///
/// Checks after every effect what the Raft paper's figure 3 promises: one leader a term, and one history that everybody
/// applies in order.
final class Group {
  struct Member {
    var store: StoreID
    var disk = RaftMemory()
    var raft: Raft
    var isUp = true
    /// A held disk keeps writes, and everything behind them, until it is released.
    var isDiskHeld = false
    var waiting: [Raft.Effect] = []
    /// What the state machine has, in order; a snapshot's state is the bytes of this.
    var applied: [LogIndex: [UInt8]] = [:]
    var appliedIndex = LogIndex.zero
  }

  static let latency = Duration.milliseconds(10)
  var settings = RaftSettings()
  var flaws: RaftFlaws = []
  private(set) var now = Instant.zero
  private(set) var members: [Int: Member] = [:]
  /// Ways that are cut, as (from, to).
  var cut: Set<[Int]> = []
  var lossPerCent: UInt64 = 0
  /// Added to the latency of each message by chance: messages overtake one another.
  var jitter = Duration.zero
  /// Everything that was sent since it was last emptied, delivered or not.
  var sent: [(message: RaftMessage, from: Int, to: Int)] = []
  var refused: [(Raft.Request, Raft.Refusal, VoterID?)] = []
  var readable: [ReadContext: LogIndex] = [:]
  var writes: [Int: [Persistence]] = [:]
  private(set) var leaders: [Term: VoterID] = [:]
  private(set) var history: [LogIndex: EntryPayload] = [:]
  private var wire: [(at: Instant, message: RaftMessage, from: Int, to: Int)] = []
  private var random: RandomSource
  private var stores = 0

  /// - Parameter voters: found the group together, as no mesh does, but every test wants.
  init(_ voters: Int, seed: UInt64 = 1) {
    random = RandomSource(seed: seed)
    let all = (1...voters).map { VoterID(node: Self.node($0), store: StoreID(high: 0, low: UInt64($0))) }
    stores = voters
    for number in 1...voters { put(number, all[number - 1].store, .founding(all)) }
  }

  static func node(_ number: Int) -> NodeID {
    guard let node = NodeID([UInt8](repeating: UInt8(number), count: 32)) else { preconditionFailure("32 bytes") }
    return node
  }

  // MARK: Members

  private func put(_ number: Int, _ store: StoreID, _ disk: RaftMemory) {
    var raft = Raft(
      self: VoterID(node: Self.node(number), store: store), memory: disk, settings: settings,
      random: RandomSource(seed: random.next()))
    raft.flaws = flaws
    members[number] = Member(store: store, disk: disk, raft: raft)
    restore(disk.snapshot, number)
  }

  /// A VR with an empty store, which nobody knows yet.
  @discardableResult func add(_ number: Int) -> VoterID {
    stores += 1
    put(number, StoreID(high: 0, low: UInt64(stores)), RaftMemory())
    return voter(number)
  }

  /// What was written is there, the rest is gone.
  func restart(_ number: Int) {
    guard let member = members[number] else { return }
    put(number, member.store, member.disk)
  }

  func crash(_ number: Int) { members[number]?.isUp = false }

  func voter(_ number: Int) -> VoterID {
    VoterID(node: Self.node(number), store: members[number]?.store ?? StoreID(high: 9, low: 9))
  }

  func voters(_ numbers: Int...) -> [VoterID] { numbers.map(voter) }

  func raft(_ number: Int) -> Raft {
    guard let member = members[number] else { preconditionFailure("there is no VR \(number)") }
    return member.raft
  }

  /// Who leads in the highest term.
  var leader: Int? {
    members.filter { $0.value.isUp && $0.value.raft.isLeader }.max { $0.value.raft.term < $1.value.raft.term }?.key
  }

  func applied(_ number: Int) -> [[UInt8]] {
    let member = members[number]
    return (member?.applied ?? [:]).sorted { $0.key < $1.key }.map(\.value)
  }

  // MARK: Time

  func input(_ input: Raft.Input, to number: Int) {
    guard members[number]?.isUp == true, let effects = members[number]?.raft.handle(input, at: now) else { return }
    if members[number]?.waiting.isEmpty == false {
      members[number]?.waiting += effects
    } else {
      carryOut(effects, of: number)
    }
  }

  func propose(_ text: String, at number: Int) { input(.propose([Array(text.utf8)]), to: number) }

  func run(_ time: Duration) { run(until: now + time) { false } }

  /// - Returns: whether it came to pass.
  @discardableResult func run(atMost time: Duration, until holds: () -> Bool) -> Bool {
    run(until: now + time, holds)
    return holds()
  }

  private func run(until end: Instant, _ holds: () -> Bool) {
    while !holds() {
      let up = members.filter(\.value.isUp).sorted { $0.key < $1.key }
      let wakeup = up.compactMap { number, member in member.raft.nextWakeup.map { ($0.at, number) } }
        .min { $0.0 < $1.0 }
      let letter = wire.indices.min { wire[$0].at < wire[$1].at }
      if let letter, wire[letter].at <= end, wakeup.map({ wire[letter].at <= $0.0 }) ?? true {
        let next = wire.remove(at: letter)
        now = max(now, next.at)
        input(.received(next.message, from: Self.node(next.from)), to: next.to)
      } else if let wakeup, wakeup.0 <= end {
        now = max(now, wakeup.0)
        input(.wakeup, to: wakeup.1)
      } else {
        now = end
        return
      }
    }
  }

  /// Until somebody leads and has committed in its term.
  @discardableResult func elect(within time: Duration = .seconds(20)) -> Int {
    run(atMost: time) { leader.map { raft($0).commitIndex == raft($0).lastIndex } ?? false }
    return leader ?? 0
  }

  /// Makes a certain voter lead.
  func makeLead(_ number: Int) {
    if elect() != number, let leader {
      input(.transfer(to: voter(number)), to: leader)
      run(.seconds(1))
    }
    #expect(elect() == number, "VR \(number) should lead")
    run(.seconds(1))
  }

  func isolate(_ number: Int, among all: ClosedRange<Int> = 1...9) {
    for other in all where other != number { cut.formUnion([[number, other], [other, number]]) }
  }

  func isolate(_ side: [Int], from others: [Int]) {
    for one in side { for other in others { cut.formUnion([[one, other], [other, one]]) } }
  }

  func heal() { cut = [] }

  // MARK: Effects

  func holdDisk(_ number: Int) { members[number]?.isDiskHeld = true }

  func releaseDisk(_ number: Int) {
    members[number]?.isDiskHeld = false
    let waiting = members[number]?.waiting ?? []
    members[number]?.waiting = []
    carryOut(waiting, of: number)
  }

  private func carryOut(_ effects: [Raft.Effect], of number: Int) {
    var written: WriteNumber?
    for (position, effect) in effects.enumerated() {
      if case .persist = effect, members[number]?.isDiskHeld == true {
        members[number]?.waiting += effects[position...]
        break
      }
      if case .persist(let write) = effect { written = write.number }
      carryOut(effect, of: number)
    }
    if let written { input(.persisted(written), to: number) }
  }

  private func carryOut(_ effect: Raft.Effect, of number: Int) {
    switch effect {
    case .persist(let write):
      members[number]?.disk.perform(write)
      writes[number, default: []].append(write)
    case .send(let message, let node):
      guard let to = (1...9).first(where: { Self.node($0) == node }) else { return }
      sent.append((message, number, to))
      guard !cut.contains([number, to]), random.below(100) >= lossPerCent else { return }
      let delay = jitter > .zero ? random.jitter(jitter) : .zero
      wire.append((now + Self.latency + delay, message, number, to))
    case .committed(let entries): for entry in entries { apply(entry, number) }
    case .restore(let snapshot): restore(snapshot, number)
    case .readable(let context, let index): readable[context] = index
    case .role(.leader, _):
      let raft = raft(number)
      if let other = leaders[raft.term] { #expect(other == raft.voter, "two leaders in \(raft.term)") }
      leaders[raft.term] = raft.voter
    case .role, .configuration: break
    case .refused(let request, let refusal, let leader): refused.append((request, refusal, leader))
    }
  }

  private func apply(_ entry: LogEntry, _ number: Int) {
    #expect(entry.index == members[number]?.appliedIndex.next, "VR \(number) applies out of order")
    if let other = history[entry.index] { #expect(other == entry.payload, "two histories at \(entry.index)") }
    history[entry.index] = entry.payload
    members[number]?.appliedIndex = entry.index
    if case .command(let bytes) = entry.payload { members[number]?.applied[entry.index] = bytes }
  }

  // MARK: Snapshots

  /// The state machine's state: entries with their index and length.
  func state(_ number: Int) -> [UInt8] {
    var writer = ByteWriter()
    for (index, bytes) in (members[number]?.applied ?? [:]).sorted(by: { $0.key < $1.key }) {
      writer.integer(index.rawValue)
      writer.integer(UInt32(bytes.count))
      writer.append(bytes)
    }
    return writer.bytes
  }

  private func restore(_ snapshot: Snapshot, _ number: Int) {
    var reader = ByteReader(snapshot.state)
    var applied: [LogIndex: [UInt8]] = [:]
    while reader.left > 0, let index = try? reader.integer(UInt64.self), let count = try? reader.integer(UInt32.self) {
      applied[LogIndex(rawValue: index)] = try? reader.bytes(Int(count))
    }
    members[number]?.applied = applied
    members[number]?.appliedIndex = snapshot.index
  }

  func compact(_ number: Int) {
    guard let index = members[number]?.appliedIndex else { return }
    input(.compact(through: index, state: state(number)), to: number)
  }

  // MARK: Single messages

  /// Hands a message to one VR as if `peer` had sent it, and returns what comes of it.
  func effects(of body: RaftMessage.Body, in term: UInt64, from peer: Int, to number: Int) -> [Raft.Effect] {
    let message = RaftMessage(
      epoch: .first, from: voter(peer).store, to: voter(number).store, term: Term(rawValue: term), body: body)
    guard let effects = members[number]?.raft.handle(.received(message, from: Self.node(peer)), at: now) else {
      return []
    }
    carryOut(effects, of: number)
    return effects
  }
}

extension [Raft.Effect] {
  /// What was sent, in order.
  var bodies: [RaftMessage.Body] {
    compactMap { if case .send(let message, _) = $0 { message.body } else { nil } }
  }

  var firstPersist: Int? { firstIndex { if case .persist = $0 { true } else { false } } }
  var firstSend: Int? { firstIndex { if case .send = $0 { true } else { false } } }
}

func entry(_ index: UInt64, _ term: UInt64, _ text: String) -> LogEntry {
  LogEntry(index: LogIndex(rawValue: index), term: Term(rawValue: term), payload: .command(Array(text.utf8)))
}

func append(after index: UInt64, _ term: UInt64, _ entries: [LogEntry] = [], commit: UInt64 = 0) -> RaftMessage.Body {
  .append(
    Append(
      session: ReplicationSession(rawValue: 1), round: .zero, previousIndex: LogIndex(rawValue: index),
      previousTerm: Term(rawValue: term), commit: LogIndex(rawValue: commit), entries: entries))
}

func vote(_ lastIndex: UInt64, _ lastTerm: UInt64, isTransfer: Bool = false) -> VoteRequest {
  VoteRequest(lastIndex: LogIndex(rawValue: lastIndex), lastTerm: Term(rawValue: lastTerm), isTransfer: isTransfer)
}
