import VineBase
import VineRegistry
import VineRouter

/// Makes faults and ends them, as chance has it.
struct FaultHand: Sendable {
  let faults: [Fault]
  let shape: World.Shape
  var random: RandomSource
  private var crashed: [Int] = []
  private var isParted = false
  private var nextHost: UInt32 = 10
  private var nextVine = 0

  init(faults: [Fault], shape: World.Shape, random: RandomSource) {
    (self.faults, self.shape, self.random) = (faults, shape, random)
  }

  /// One virtual second's worth.
  mutating func act(_ world: inout World) {
    guard random.below(100) < 40, let fault = random.element(of: faults) else { return }
    let one = random.int(in: 0..<world.count)
    switch fault {
    case .loss: world.underlay.lossPerTenThousand = random.below(2000)
    case .partition:
      isParted.toggle()
      var sides = (0..<world.count).map { _ in UInt8(random.below(2)) }
      if !isParted { sides = sides.map { _ in 0 } }
      world.partition { sides[$0] }
    case .crash:
      if let back = crashed.popLast() {
        world.start(back)
      } else if crashed.count < world.count / 3 {
        world.crash(one)
        crashed.append(one)
      }
    case .oneWay:
      let other = random.int(in: 0..<world.count)
      if random.below(3) == 0 {
        world.underlay.mend(from: one, to: other)
      } else {
        world.underlay.cut(from: one, to: other)
      }
    case .stall: world.stall(one, for: .milliseconds(Int64(random.int(in: 100..<6000))))
    case .drift: world.setClock(of: one, driftPartsPerMillion: Int64(random.int(in: 0..<401)) - 200)
    case .natFlush: if world.natCount > 0 { world.flushNAT(random.int(in: 0..<world.natCount)) }
    case .change:
      let number = random.int(in: 0..<world.vineMembers.count)
      guard let member = random.element(of: world.vineMembers[number]), world.isLive(member) else { return }
      nextHost = nextHost < 60 ? nextHost + 1 : 10
      world.addHost(at: member, vine: number, number: nextHost)
    case .decide:
      guard world.isLive(one) else { return }
      if random.below(2) == 0 {
        world.request(.requestBlock(hosts: random.int(in: 1..<60), vine: nil), at: one)
      } else if let name = VineName("new\(nextVine)") {
        nextVine += 1
        world.request(.createVine(name), at: one)
      }
    case .capacity: world.underlay.capacity = BitRate(bitsPerSecond: Int64(random.int(in: 256..<8192)) * 1000)
    }
  }

  mutating func mendAll(_ world: inout World) {
    world.underlay.mendAll()
    world.underlay.lossPerTenThousand = 0
    world.underlay.capacity = nil
    for index in crashed { world.start(index) }
    crashed = []
    isParted = false
  }
}
