import Testing
import VineBase
import VinePath
import VineRouter

@testable import VineSimulation

@Suite(.serialized) struct PunchingTests {
  private let port = NAT.Kind(mapping: .endpointIndependent, filtering: .addressAndPortDependent)
  private let address = NAT.Kind(mapping: .endpointIndependent, filtering: .addressDependent)
  private let symmetric = NAT.Kind(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)

  private func isDirect(_ carrier: Carrier?) -> Bool {
    if case .datagram? = carrier { true } else { false }
  }

  @Test func `VRs behind cones of every kind come to a direct way`() throws {
    let cones = NAT.Kind.all.filter { $0.mapping == .endpointIndependent }
    for first in cones {
      for second in cones {
        let warm = try Punching.warm(first, second)
        for seed in 1...5 as ClosedRange<UInt64> {
          let outcome = Punching.measure(warm, seed: seed)
          #expect(outcome.direct != nil && outcome.isReached, "\(first) and \(second), seed \(seed)")
        }
      }
    }
  }

  @Test func `a way is found just where the kinds of the NATs allow one, and the relay serves the others`() throws {
    for (first, second) in [(symmetric, address), (address, symmetric), (symmetric, port), (symmetric, symmetric)] {
      let warm = try Punching.warm(first, second)
      let outcome = Punching.measure(warm, seed: 1)
      #expect((outcome.direct != nil) == first.admits(second), "\(first) and \(second)")
      #expect(outcome.isReached)
    }
  }

  @Test func `a limited VR behind any NAT comes to a direct way to a public one`() throws {
    for kind in NAT.Kind.all {
      var world = try Punching.warm(kind, kind)
      world.exchange(1, 3)
      world.run(.seconds(1))
      let ways = [world.carrier(from: 1, to: 3), world.carrier(from: 3, to: 1)]
      #expect(ways.allSatisfy(isDirect), "\(kind): \(ways)")
    }
  }

  @Test func `a NAT that forgets, or gives another port, costs less than three seconds`() throws {
    var world = try Punching.warm(port, port)
    for _ in 0..<5 {
      world.exchange(3, 4)
      world.run(.seconds(1))
    }
    guard case .datagram(let before)? = world.carrier(from: 4, to: 3) else {
      Issue.record("no direct way to begin with")
      return
    }
    world.flushNAT(0)
    for _ in 0..<3 {
      world.exchange(3, 4)
      world.run(.seconds(1))
    }
    // Frames that go to the old mapping are lost: by now they go elsewhere.
    #expect(world.carrier(from: 4, to: 3) != .datagram(before))
    for _ in 0..<5 {
      world.exchange(3, 4)
      world.run(.seconds(1))
    }
    #expect(isDirect(world.carrier(from: 4, to: 3)) && isDirect(world.carrier(from: 3, to: 4)))
  }

  @Test func `a way that nobody uses is given up, and the relay serves again`() throws {
    var world = try Punching.warm(port, port)
    world.exchange(3, 4)
    world.run(.seconds(5))
    #expect(isDirect(world.carrier(from: 3, to: 4)))
    world.run(.seconds(360))
    #expect(!isDirect(world.carrier(from: 3, to: 4)) && world.carrier(from: 3, to: 4) != nil)
  }

  @Test func `a VR names what its NAT does in the words of RFC 4787`() throws {
    for kind in NAT.Kind.all {
      // Enough public VRs for one that it has not written to.
      var shape = World.Shape(count: 24)
      shape.limitedPerCent = 10
      shape.natKinds = [kind, kind]
      var world = try World.known(shape, seed: 1)
      world.run(.seconds(20))
      let behaviour = world.router(22).nat.behaviour
      let mapping: NATBehaviour.Mapping =
        kind.mapping == .endpointIndependent ? .endpointIndependent : .endpointDependent
      #expect(behaviour.mapping == mapping, "\(kind): \(behaviour)")
      let filtering: NATBehaviour.Filtering =
        switch kind.filtering {
        case .endpointIndependent: .endpointIndependent
        case .addressDependent: .addressDependent
        case .addressAndPortDependent: .addressAndPortDependent
        }
      #expect(behaviour.filtering == filtering, "\(kind): \(behaviour)")
    }
  }
}
