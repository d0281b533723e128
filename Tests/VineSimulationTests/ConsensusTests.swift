import Testing
import VineBase
import VineRaft

@testable import VineSimulation

/// Voters under faults. `vine-sim consensus` runs thousands of seeds; here is what fits a test.
@Suite struct ConsensusTests {
  @Test func `the same seed gives the same trace, another seed another one`() {
    let first = ConsensusRun.run(seed: 5)
    #expect(ConsensusRun.run(seed: 5).traceHash == first.traceHash)
    #expect(ConsensusRun.run(seed: 6).traceHash != first.traceHash)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `no fault breaks a claim, and when faults end the group decides again`(batch: UInt64) {
    for seed in (batch * 25 + 1)...(batch * 25 + 25) {
      let outcome = ConsensusRun.run(seed: seed)
      #expect(outcome.broken == nil, "seed \(seed): \(String(describing: outcome.broken))")
      #expect(outcome.isUndecided || outcome.recovery != nil, "seed \(seed) did not recover")
    }
  }

  /// One that each claim finds soon; `vine-sim consensus bugs` tries all.
  @Test(arguments: [
    ("unpersisted-vote", "terms-rise"), ("counts-unsynced", "quorum-durable"), ("torn-tail", "log-matching"),
    ("two-bootstraps", "election-safety"), ("votes-for-shorter-log", "leader-completeness"),
    ("commits-uncompared", "state-machine-safety"), ("follower-reads", "linearizability"),
    ("answers-before-commit", "sole-block-owners"), ("figure-8", "commits-own-term"),
    ("keeps-cut-configuration", "last-configuration"),
  ])
  func `a historic bug is found, and by the claim that it breaks`(name: String, checker: String) throws {
    let bug = try #require(ConsensusBug.named(name))
    let seed = try #require((1...150).first { ConsensusRun.run(seed: $0, bug: bug).broken != nil })
    let broken = ConsensusRun.run(seed: seed, bug: bug).broken
    #expect(broken?.checker == checker, "seed \(seed): \(String(describing: broken))")
  }

  @Test func `bugs have names of their own`() {
    #expect(Set(ConsensusBug.all.map(\.name)).count == ConsensusBug.all.count)
    #expect(ConsensusBug.all.count >= 20)
  }

  @Test func `a leader's end is mended within two seconds`() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      #expect(try #require(LeaderKill.measure(seed: seed)) <= 2)
    }
  }

  @Test func `a clock that drifts shows what it says it will`() {
    var random = RandomSource(seed: 1)
    for drift in [-1000, -1, 0, 999, 1000] as [Int64] {
      var clock = DriftingClock()
      clock.restart(at: 7_000, &random)
      clock.setDrift(drift, at: 5_000_000_000)
      let wanted = clock.local(5_000_000_000) + .seconds(100)
      let late = clock.local(clock.world(wanted)) - wanted
      #expect(late >= .zero && late < .microseconds(10), "\(drift) ppm is off by \(late)")
    }
  }

  @Test func `a crash leaves what was synced, and a new disk nothing`() {
    var random = RandomSource(seed: 1)
    var disk = SimulatedDisk(RaftMemory())
    var write = Persistence(number: WriteNumber(rawValue: 1))
    write.hardState = HardState(term: Term(rawValue: 3), votedFor: nil)
    disk.write(write)
    disk.crash(nil, tears: false, &random)
    #expect(disk.written.hardState.term == .zero)
    disk.write(write)
    let isDurable = disk.sync(write)
    #expect(isDurable)
    disk.crash(nil, tears: false, &random)
    #expect(disk.written.hardState.term == Term(rawValue: 3))
    disk.isFailing = true
    let isTold = disk.sync(write)
    #expect(!isTold)
    disk.replace(with: RaftMemory())
    #expect(disk.durable == RaftMemory())
  }
}
