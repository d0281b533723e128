import VineBase
import VineRaft

/// A run that its seed and the name of a bug decide: faults for a while, an end of all faults, and the demand that the
/// group decides again; then the clients' histories are judged.
public enum ConsensusRun {
  public struct Broken: Sendable, CustomStringConvertible {
    /// Of the checker.
    public let checker: String
    public let claim: String
    public let what: String
    /// Virtual, since the run began.
    public let seconds: Double

    public var description: String { "\(checker) after \(seconds) s: not true that \(claim): \(what)" }
  }

  public struct Outcome: Sendable {
    public let broken: Broken?
    public let traceHash: UInt64
    public let events: Int
    public let voters: Int
    /// Virtual seconds from the end of the faults to the first answer to a command; nil where there was none.
    public let recovery: Double?
    /// What was demanded of the run cannot be had: too many disks are gone, or the histories have too many orders.
    public let isUndecided: Bool
    public let operations: Int
    public let elections: Int
  }

  /// Of virtual time, from the end of the faults until a command is decided, and from there until all have it.
  static let recoveryMax = Duration.seconds(20)
  static let agreementMax = Duration.seconds(20)

  public static func run(seed: UInt64, bug: ConsensusBug? = nil) -> Outcome {
    var random = RandomSource(seed: seed)
    let settings = ConsensusSettings(&random)
    var watch = ConsensusWatch(world: ConsensusWorld(settings, seed: random.next(), bug: bug))
    watch.run(until: settings.duration.inNanoseconds) { _ in false }
    if watch.broken != nil { return watch.outcome(nil) }
    let end = watch.world.now
    watch.world.calmDown()
    watch.world.probe()
    let isUndecided = !watch.world.isRecoverable
    watch.run(until: end + recoveryMax.inNanoseconds) { $0.clients[0].operation == nil && $0.now > end }
    guard watch.broken == nil else { return watch.outcome(nil) }
    guard watch.world.clients[0].operation == nil, watch.world.now < end + recoveryMax.inNanoseconds else {
      if isUndecided { return watch.outcome(nil, isUndecided: true) }
      watch.fail(
        "liveness", "a group without faults decides within \(recoveryMax)", watch.world.standing)
      return watch.outcome(nil)
    }
    let recovery = Double(watch.world.now - end) / 1_000_000_000
    watch.run(until: watch.world.now + agreementMax.inNanoseconds) { $0.agrees }
    if watch.broken == nil, !watch.world.agrees, !isUndecided {
      watch.fail("agreement", "all voters come to have what is decided within \(agreementMax)", watch.world.standing)
    }
    let isJudged = watch.broken == nil ? watch.judgeClients() : true
    return watch.outcome(recovery, isUndecided: isUndecided || !isJudged)
  }
}

/// A world and those who look at it.
struct ConsensusWatch {
  var world: ConsensusWorld
  private(set) var broken: ConsensusRun.Broken?
  private var elections = 0
  private var checkers: [any ConsensusChecker] = [
    VoteOnce(), TermsRise(), ElectionSafety(), LogMatching(), QuorumDurable(), LeaderCompleteness(),
    StateMachineSafety(), SoleBlockOwners(), CommitsOwnTerm(), LastConfiguration(),
  ]

  init(world: ConsensusWorld) { self.world = world }

  /// Until something is broken, `holds`, or the time is over.
  mutating func run(until end: Int64, _ holds: (ConsensusWorld) -> Bool) {
    look()
    while broken == nil, !holds(world), world.step(until: end) { look() }
  }

  private mutating func look() {
    guard !world.observations.isEmpty else { return }
    let seen = world.observations
    world.observations.removeAll(keepingCapacity: true)
    for observation in seen {
      if case .led = observation { elections += 1 }
      for position in checkers.indices {
        guard let what = checkers[position].see(observation, in: world) else { continue }
        return fail(checkers[position].name, checkers[position].claim, what)
      }
    }
  }

  mutating func fail(_ checker: String, _ claim: String, _ what: String) {
    broken = ConsensusRun.Broken(
      checker: checker, claim: claim, what: what, seconds: Double(world.now) / 1_000_000_000)
  }

  /// - Returns: whether it came to a verdict.
  mutating func judgeClients() -> Bool {
    // A read that was never answered says nothing.
    let places = world.history.indices.filter { place in
      if world.refusedForGood.contains(place) { return false }
      if case .command = world.history[place].operation { return true }
      return world.history[place].returned != nil
    }
    let checker = Linearizability(RegistrySpecification(sites: world.settings.sites))
    switch checker.check(places.map { world.history[$0] }) {
    case .linearizable: return true
    case .undecided: return false
    case .violated(let item):
      let culprit = world.history[places[item]]
      fail(
        "linearizability", "clients see one registry that does one thing at a time",
        "\(culprit.operation) was answered \(String(describing: culprit.returned?.answer))")
      return true
    }
  }

  func outcome(_ recovery: Double?, isUndecided: Bool = false) -> ConsensusRun.Outcome {
    ConsensusRun.Outcome(
      broken: broken, traceHash: world.trace.hash, events: world.eventCount, voters: world.settings.count,
      recovery: recovery, isUndecided: isUndecided, operations: world.history.count, elections: elections)
  }
}

extension ConsensusWorld {
  /// Whether all voters that can be reached have applied what the leader has committed, and say the same.
  var agrees: Bool {
    guard let leader, let raft = members[leader].raft, raft.commitIndex == raft.lastIndex else { return false }
    let reached = members.indices.filter {
      !isApart($0) && raft.configuration.members.contains(members[$0].voter)
    }
    guard reached.allSatisfy({ members[$0].machine.applied == raft.commitIndex.rawValue }) else { return false }
    let digest = members[leader].machine.digest
    return reached.allSatisfy { members[$0].machine.digest == digest }
  }

  /// In one line, for a report.
  var standing: String {
    members.enumerated().map { number, member in
      guard let raft = member.raft else { return "VR \(number) is down" }
      return "VR \(number) \(raft.role) \(raft.term) log \(raft.lastIndex) commit \(raft.commitIndex) "
        + "applied \(member.machine.applied) voters \(raft.configuration.voters.map { Self.number(of: $0.node) })"
        + "\(raft.configuration.isJoint ? " joint" : "")\(isApart(number) ? " apart" : "")"
    }.joined(separator: "; ")
  }
}
