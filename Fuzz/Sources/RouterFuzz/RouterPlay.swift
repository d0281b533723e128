import VineAddress
import VineBase
import VinePath
import VineRegistry
import VineRouter

@testable import VineSimulation

/// A play of operations against a mesh of real routers.
struct RouterPlay {
  private var script: Script
  private var world = Mesh.warm
  private let isHonest: Bool
  private var requests: UInt64 = 1 << 32
  private var checkers: [any Checker] = [SoleOwners(), RisingVersions(), OneLeader(), SameRegistry()]
  private static let stepsMax = 80
  /// As the simulator's scenarios have it.
  private static let patience = Duration.seconds(180)

  init(_ script: Script) {
    self.script = script
    let mode = self.script.byte()
    isHonest = mode & 1 == 0
    world.reseed(UInt64(mode >> 1))
  }

  mutating func run() -> String? {
    for _ in 0..<Self.stepsMax where !script.isEmpty {
      step()
      if let wrong = Mesh.excess(world) { return wrong }
      guard isHonest else { continue }
      for position in checkers.indices {
        if let what = checkers[position].check(world) { return "not true that \(checkers[position].claim): \(what)" }
      }
    }
    return isHonest ? disagreement() : ending()
  }

  /// Faults end; all have to come to agree.
  private mutating func disagreement() -> String? {
    mend()
    var why: String?
    _ = world.run(atMost: Self.patience, step: .seconds(2)) { world in
      why = Agreement().check(world)
      return why == nil
    }
    return why.map { "the mesh does not come to agree: \($0)" }
  }

  private mutating func ending() -> String? {
    mend()
    world.run(.seconds(5))
    return Mesh.excess(world)
  }

  private mutating func mend() {
    world.meddlings = []
    world.underlay.mendAll()
    world.underlay.lossPerTenThousand = 0
    world.underlay.capacity = nil
    for index in 0..<Mesh.count { world.start(index) }
  }

  private mutating func step() {
    let choice = script.byte()
    let one = script.choice(Mesh.count)
    switch choice % 16 {
    case 0, 1, 2: world.run(.milliseconds(Int(script.byte()) * 20))
    case 3: fault(one)
    case 4: if world.isLive(one) { world.crash(one) } else { world.start(one) }
    case 5: world.stall(one, for: .milliseconds(Int(script.byte()) * 20))
    case 6: world.exchange(one, (one + 1) % Mesh.count)
    case 7: world.meddlings.append(.again(after: .milliseconds(Int(script.word()))))
    case 8: if world.natCount > 0 { world.flushNAT(0) }
    case 9, 10, 11: request(at: one)
    case 12: notice(one)
    default: isHonest ? request(at: one) : lie(one)
    }
  }

  private mutating func fault(_ one: Int) {
    let other = script.choice(Mesh.count)
    switch script.choice(6) {
    case 0: world.underlay.lossPerTenThousand = UInt64(script.byte()) * 20
    case 1: world.underlay.cut(from: one, to: other)
    case 2: world.underlay.mend(from: one, to: other)
    case 3: world.partition { $0 == one ? 1 : 0 }
    case 4: world.partition { _ in 0 }
    default: world.underlay.capacity = BitRate(bitsPerSecond: 64_000 + Int64(script.word()) * 100)
    }
  }

  // MARK: Operators

  private mutating func request(at index: Int) {
    requests += 1
    world.input(.request(RequestID(rawValue: requests), request()), to: index)
  }

  private mutating func request() -> LocalRequest {
    switch script.choice(isHonest ? 12 : 15) {
    case 0: return .createVine(vine())
    case 1: return .deleteVine(vine())
    case 2: return .joinVine(vine())
    case 3: return .leaveVine(vine())
    case 4: return .renameVine(vine(), to: vine())
    case 5: return .addHost(address(), vine())
    case 6: return .removeHost(address(), script.byte() & 1 == 0 ? nil : vine())
    case 7:
      return .requestBlock(hosts: Int(Int16(bitPattern: script.word())), vine: script.byte() & 1 == 0 ? nil : vine())
    case 8: return .releaseBlock(.holding(address(), prefixLength: 20 + script.choice(13)))
    case 9: return .pinQueueVR(script.byte() & 1 == 0 ? nil : site())
    case 10: return .probe(site())
    case 11: return .explain(source: address(), destination: address())
    case 12: return .revoke(site())
    case 13: return .reclaim(site())
    default:
      let wide = Int64(bitPattern: script.quad())
      return .invite(site: site(), hosts: Int(script.long()), validFor: .seconds(wide >> Int64(script.choice(64))))
    }
  }

  private mutating func vine() -> VineName { name("vine\(script.choice(4))") }
  private mutating func site() -> SiteName { name("site\(script.choice(5))") }

  private func name<Name: LosslessStringConvertible>(_ text: String) -> Name {
    guard let name = Name(text) else { fatalError("\(text) is a name") }
    return name
  }

  /// Mostly in some site's block.
  private mutating func address() -> IPv4Address {
    let blocks = world.router(0).directory.view.blocks.keys
    let (choice, offset) = (script.byte(), UInt32(script.byte()))
    guard choice < 0xF0, !blocks.isEmpty else { return IPv4Address(rawValue: script.long()) }
    return IPv4Address(rawValue: blocks[Int(choice) % blocks.count].base.rawValue &+ offset)
  }

  // MARK: What the data plane says

  /// Things that a stranger can bring about without any key.
  private mutating func notice(_ index: Int) {
    let other = script.choice(Mesh.count)
    let endpoint = Endpoint(address: IPv4Address(rawValue: 0xC612_0001 + UInt32(script.choice(8))), port: script.word())
    switch script.choice(7) {
    case 0: world.input(.unknownSession(via: .datagram(endpoint)), to: index)
    case 1: world.input(.needsSession(world.node(other)), to: index)
    case 2: world.input(.needsRelay(to: NodeTag(rawValue: script.quad())), to: index)
    case 3: world.input(.dialBack(nonce: script.bytes(16), from: endpoint), to: index)
    case 4: world.input(.handshake(script.chunk(), via: .datagram(endpoint)), to: index)
    case 5:
      world.input(
        .channelAccepted(ChannelID(rawValue: 1 << 40 | UInt64(script.byte()) << 1), from: endpoint), to: index)
    default: world.input(.needsRelay(to: world.node(other).tag), to: index)
    }
  }

  // MARK: Lies

  /// What a VR does that has a certificate and sessions, and means harm.
  private mutating func lie(_ index: Int) {
    let other = (index + 1 + script.choice(Mesh.count - 1)) % Mesh.count
    switch script.choice(6) {
    case 0, 1: world.meddlings.append(.damage(at: Int(script.word()), with: script.byte()))
    case 2: world.meddlings.append(.cut(Int(script.byte())))
    case 3: world.meddlings.append(.exchange(script.chunk()))
    case 4:
      world.input(
        .control(script.chunk(), from: world.node(other), via: Mesh.carrier(of: other), localIndex: 1), to: index)
    default:
      let count = script.choice(64)
      let arrivals = (0..<count).map { number in
        TrainArrival(
          sequence: number, byteCount: Int(script.byte()) * 8, nanoseconds: Int64(bitPattern: script.quad()) >> 8)
      }
      world.input(.train(script.quad(), from: world.node(other), arrivals, sent: count + script.choice(8)), to: index)
    }
  }
}
