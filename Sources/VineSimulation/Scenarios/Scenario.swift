import VineBase
import VineRegistry

/// A run that its name and its seed decide: a mesh, faults for a while, an end of all faults, and the demand that the
/// mesh comes to agree.
public struct Scenario: Sendable {
  public let name: String
  public let summary: String
  let faults: [Fault]
  /// VRs behind NAT, in per cent, at most.
  let limitedPerCentMax: Int

  public static let all: [Scenario] = [
    Scenario(name: "calm", summary: "no faults: nothing may happen", faults: [.change], limitedPerCentMax: 0),
    Scenario(
      name: "lossy", summary: "datagrams get lost, 20 % at most", faults: [.loss, .change], limitedPerCentMax: 0),
    Scenario(
      name: "partition", summary: "halves that part and meet", faults: [.partition, .change], limitedPerCentMax: 0),
    Scenario(name: "churn", summary: "VRs crash and start", faults: [.crash, .change], limitedPerCentMax: 0),
    Scenario(
      name: "nat-churn", summary: "NATs of all kinds forget their mappings", faults: [.natFlush, .change],
      limitedPerCentMax: 60),
    Scenario(name: "one-way", summary: "links that work one way only", faults: [.oneWay], limitedPerCentMax: 0),
    Scenario(name: "stalls", summary: "processes that are held up", faults: [.stall], limitedPerCentMax: 0),
    Scenario(name: "drift", summary: "clocks that run fast and slow", faults: [.drift, .change], limitedPerCentMax: 0),
    Scenario(name: "narrow", summary: "slow lines", faults: [.capacity, .change], limitedPerCentMax: 0),
    Scenario(
      name: "voters", summary: "commands while voters crash, part and lose messages",
      faults: [.crash, .partition, .loss, .decide, .decide], limitedPerCentMax: 0),
    Scenario(name: "mixed", summary: "all of it", faults: Fault.allCases, limitedPerCentMax: 40),
  ]

  public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }

  public struct Outcome: Sendable {
    public let violation: Violation?
    public let traceHash: UInt64
    /// Virtual seconds from the end of the faults to agreement.
    public let agreement: Double?
    public let events: Int
    public let recent: [Trace.Line]
    public let count: Int
  }

  /// How long a mesh may take to agree after the last fault.
  static let patience = Duration.seconds(180)
  /// How long a command may take after that.
  static let decisionPatience = Duration.seconds(20)

  /// - Parameters:
  ///   - count: VRs; nil: as many as the seed says.
  ///   - keepTrace: lines of the trace that the outcome shall have.
  public func run(seed: UInt64, count: Int? = nil, keepTrace: Int = 0) throws -> Outcome {
    var random = RandomSource(seed: seed)
    var shape = World.Shape(count: count ?? random.int(in: 5..<25))
    if limitedPerCentMax > 0 { shape.limitedPerCent = random.int(in: 10..<(limitedPerCentMax + 1)) }
    shape.mapping = random.element(of: NAT.Dependence.allCases) ?? .endpointIndependent
    shape.filtering = random.element(of: NAT.Dependence.allCases) ?? .endpointIndependent
    shape.natExpiry = .seconds(Int64(random.int(in: 30..<300)))
    (shape.vines, shape.vineSize) = (3, min(5, shape.count))
    var world = try World.known(shape, seed: random.next())
    world.trace.kept = keepTrace
    world.underlay.latencyMax = .milliseconds(Int64(random.int(in: 6..<150)))
    var checkers: [any Checker] = [
      SoleOwners(), RisingVersions(),
      Bounds(count: shape.count, vines: shape.vines, decisions: faults.contains(.decide) ? 200 : 2),
      OneLeader(), SameRegistry(),
    ]
    let begin = world.now
    func outcome(_ violation: Violation?, _ agreement: Double? = nil) -> Outcome {
      Outcome(
        violation: violation, traceHash: world.trace.hash, agreement: agreement, events: world.eventCount,
        recent: world.trace.recent, count: world.count)
    }
    func seconds() -> Double { Double(world.now - begin) / 1_000_000_000 }

    if let why = converge(&world) {
      return outcome(Violation(claim: "a mesh without faults comes to agree", what: why, seconds: seconds()))
    }
    // Faults that no VR may be held for dead under.
    if Set(faults).isSubset(of: [.change, .drift]) { checkers.append(LiveMembers()) }
    var hand = FaultHand(faults: faults, shape: shape, random: RandomSource(seed: random.next()))
    for _ in 0..<random.int(in: 40..<90) {
      hand.act(&world)
      world.run(.seconds(1))
      for position in checkers.indices {
        if let what = checkers[position].check(world) {
          return outcome(Violation(claim: checkers[position].claim, what: what, seconds: seconds()))
        }
      }
      world.forgetVerdicts()
    }
    hand.mendAll(&world)
    let mended = world.now
    if let why = converge(&world) {
      let claim = Agreement().claim + " within \(Self.patience)"
      return outcome(Violation(claim: claim, what: why, seconds: seconds()))
    }
    let agreed = world.now
    if let why = decide(&world, at: random.int(in: 0..<world.count)) {
      let claim = "once a mesh agrees, anybody's command is carried out within \(Self.decisionPatience)"
      return outcome(Violation(claim: claim, what: why, seconds: seconds()))
    }
    return outcome(nil, Double(agreed - mended) / 1_000_000_000)
  }

  /// - Returns: why a VR's command came to nothing.
  private func decide(_ world: inout World, at index: Int) -> String? {
    guard let name = VineName("afterwards") else { return "no name" }
    world.request(.createVine(name), at: index)
    var isDone = false
    _ = world.run(atMost: Self.decisionPatience, step: .seconds(1)) { world in
      isDone = world.router(index).directory.view.vine(named: name) != nil
      return isDone
    }
    return isDone ? nil : "VR \(index) asked for a ViNe and has none"
  }

  /// - Returns: what still keeps the VRs apart when patience ends.
  private func converge(_ world: inout World) -> String? {
    let checker = Agreement()
    var why: String?
    _ = world.run(atMost: Self.patience, step: .seconds(1)) { world in
      why = checker.check(world)
      return why == nil
    }
    return why
  }
}
