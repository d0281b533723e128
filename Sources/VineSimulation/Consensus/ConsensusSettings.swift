import VineBase
import VineRaft

/// What a seed says of a run before it begins.
struct ConsensusSettings: Sendable {
  var raft = RaftSettings()
  var count = 5
  var founders = 3
  var sites = 4
  /// The pause between two faults, and between two steps of who chooses voters, at most; nil: none.
  var faultPause: Duration?
  var choosePause: Duration?
  /// Who is elected is asked for a change at once.
  var choosesAtOnce = false
  var faults: [ConsensusFault] = []
  /// One way; nil: a quarter of the longest.
  var latencyMin: Duration?
  var latencyMax = Duration.milliseconds(20)
  var lossPerCent: UInt64 = 0
  var duplicatePerCent: UInt64 = 0
  /// Messages that take up to three seconds.
  var straysPerThousand: UInt64 = 0
  /// Entries that are applied between two snapshots of a voter.
  var compactsAfter: UInt64 = 1000
  var thinkMax = Duration.milliseconds(300)
  /// A client asks another VR when one has said nothing for so long.
  var patience = Duration.milliseconds(1200)
  /// Reads among a client's requests.
  var readsPerCent: UInt64 = 30
  /// Messages go through the wire format.
  var usesWire = false
  var duration = Duration.seconds(15)

  /// Nothing goes wrong: five voters.
  init() {}

  init(_ random: inout RandomSource) {
    count = random.int(in: 3..<8)
    founders = min(count, [1, 2, 3, 3, 3, 4, 5, 5][random.int(in: 0..<8)])
    sites = random.int(in: 2..<(RegistryMachine.sitesMax + 1))
    faultPause = .milliseconds(Int64([200, 500, 1000, 3000][random.int(in: 0..<4)]))
    if random.below(3) > 0 { choosePause = .milliseconds(Int64([100, 300, 1000][random.int(in: 0..<3)])) }
    // Some runs have one kind of fault, others several: each gets its turn to go far.
    faults = ConsensusFault.allCases.filter { _ in random.below(2) == 0 }
    if faults.isEmpty { faults = [.crash, .partition] }
    latencyMax = .milliseconds(Int64([4, 20, 60, 150][random.int(in: 0..<4)]))
    lossPerCent = [0, 0, 2, 10, 25][random.int(in: 0..<5)]
    duplicatePerCent = [0, 0, 5, 20][random.int(in: 0..<4)]
    straysPerThousand = [0, 0, 10, 50][random.int(in: 0..<4)]
    compactsAfter = [3, 10, 30, 1000][random.int(in: 0..<4)]
    thinkMax = .milliseconds(Int64([40, 200, 800][random.int(in: 0..<3)]))
    patience = .milliseconds(Int64([250, 1200][random.int(in: 0..<2)]))
    readsPerCent = [20, 70][random.int(in: 0..<2)]
    usesWire = random.below(8) == 0
    duration = .seconds(Int64(random.int(in: 6..<20)))
    raft.entriesKept = [0, 2, 8, 512][random.int(in: 0..<4)]
    raft.chunkByteCountMax = [200, 960][random.int(in: 0..<2)]
    raft.entriesByteCountMax = [200, 960][random.int(in: 0..<2)]
    raft.inflightMax = [2, 4, 32][random.int(in: 0..<3)]
    switch random.below(16) {
    case 0..<4: changeOften(&random)
    case 4: readOften(&random)
    default: break
    }
  }
}

extension ConsensusSettings {
  /// An even number of voters that is changed at every turn, while voters part: where membership goes wrong if it does.
  private mutating func changeOften(_ random: inout RandomSource) {
    (count, founders) = (random.int(in: 4..<6), 4)
    choosePause = .milliseconds(Int64([100, 300][random.int(in: 0..<2)]))
    choosesAtOnce = true
    faults = [.isolation, .partition, .oneWay, .crash, .cutEntries].filter { _ in random.below(3) > 0 } + [.partition]
    faultPause = .milliseconds(Int64([300, 800][random.int(in: 0..<2)]))
    (lossPerCent, latencyMax) = ([5, 20][random.int(in: 0..<2)], .milliseconds(20))
    duration = .seconds(20)
  }
}

extension ConsensusSettings {
  /// Readers that stay with a leader which is cut off from the others: what it tells them is old.
  private mutating func readOften(_ random: inout RandomSource) {
    (count, founders, sites) = (5, 5, RegistryMachine.sitesMax)
    choosePause = nil
    faults = [.isolation]
    faultPause = .milliseconds(Int64([1000, 3000][random.int(in: 0..<2)]))
    (lossPerCent, latencyMax) = (0, .milliseconds(20))
    (thinkMax, readsPerCent) = (.milliseconds(40), 70)
    duration = .seconds(20)
  }
}

enum ConsensusFault: CaseIterable, Sendable {
  case crash, crashAll, partition, isolation, oneWay, loss, stall, slowDisk, failingDisk, diskLoss, backup, drift
  case transfer, cutEntries
}
