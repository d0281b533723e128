import VineAddress
import VineBase
import VineIdentity
import VineRaft
import VineRouter
import VineRouting
import VineSession

extension World {
  /// What the VRs of a mesh are like.
  public struct Shape: Sendable {
    public var count: Int
    /// VRs behind NATs, in per cent; the first ones are public.
    public var limitedPerCent = 0
    /// ViNes, and how many sites of two hosts take part in each.
    public var vines = 0
    public var vineSize = 8
    public var mapping = NAT.Dependence.endpointIndependent
    public var filtering = NAT.Dependence.addressAndPortDependent
    public var natExpiry = Duration.seconds(120)
    /// Of each VR behind NAT, in order; without, all have the mapping and filtering above.
    public var natKinds: [NAT.Kind] = []

    public init(count: Int) { self.count = count }
  }

  /// A mesh whose VRs all know one another from the store, about to start within a second.
  /// - Parameter remembers: verdicts on signatures are kept, which whoever makes up signatures without end does not want.
  public static func known(_ shape: Shape, seed: UInt64, remembers: Bool = true) throws -> World {
    var founding = try Founding(count: shape.count, seed: seed)
    try founding.admitAll()
    var hosts = Array(repeating: LNDT(), count: shape.count)
    var random = RandomSource(seed: seed ^ 0x5EED)
    var vineMembers: [[Int]] = []
    for number in 0..<shape.vines {
      let members = Array(random.shuffled(Array(0..<shape.count)).prefix(shape.vineSize))
      let network = try founding.createVine("vine\(number)", of: members)
      vineMembers.append(members)
      for member in members {
        guard let block = founding.registrar.registry.view.blocks(of: founding.keys[member].node).first else {
          continue
        }
        for host in 2..<4 { hosts[member].add(IPv4Address(rawValue: block.base.rawValue + UInt32(host)), to: network) }
      }
    }
    var world = try World(founding, shape, seed: seed, remembers: remembers)
    var records = founding.attested
    for index in world.vrs.indices where world.vrs[index].nat == nil {
      records.append(
        founding.record(
          of: index, hosts: hosts[index], endpoint: world.vrs[index].endpoint,
          certificateExpires: world.vrs[index].identity.certificateExpires, store: world.vrs[index].store.id))
    }
    let knowledge = Knowledge(records: records)
    for index in world.vrs.indices {
      world.vrs[index].store.knowledge = knowledge
      world.vrs[index].store.hosts = hosts[index]
      world.start(index, after: .milliseconds(Int64(world.random.below(1000))))
    }
    world.vineMembers = vineMembers
    (world.vrs[0].store.id, world.vrs[0].store.consensus) = (founding.store.id, founding.store.consensus)
    return world
  }

  /// A founder alone; the others have an empty disk and are to join.
  public static func founded(_ shape: Shape, seed: UInt64) throws -> World {
    let founding = try Founding(count: shape.count, seed: seed)
    var world = try World(founding, shape, seed: seed)
    (world.vrs[0].store.id, world.vrs[0].store.consensus) = (founding.store.id, founding.store.consensus)
    world.vrs[0].store.persist(founding.attested)
    world.start(0)
    return world
  }

  private init(_ founding: Founding, _ shape: Shape, seed: UInt64, remembers: Bool = true) throws {
    let checks = remembers ? VerdictMemory().checks(founding.trust) : Checks(trust: founding.trust)
    self.init(checks: checks, wall: founding.wall, seed: seed ^ 0xBEEF)
    let limited = shape.count * shape.limitedPerCent / 100
    for index in 0..<shape.count {
      let key = founding.keys[index]
      let certificate = try founding.authority.issue(
        node: key.node, site: "site\(index)", mesh: founding.genesis.meshID, at: founding.wall)
      let certified = try founding.trust.verify(certificateDER: certificate, at: founding.wall)
      let identity = RouterIdentity(
        key: key, site: "site\(index)", genesis: founding.genesis, certificate: certificate,
        certificateExpires: certified.notAfter, authority: index == 0 ? founding.authority : nil,
        softwareVersion: Founding.softwareVersion)
      let endpoint = Endpoint(address: IPv4Address(rawValue: Self.firstAddress + UInt32(index)))
      var nat: Int?
      if index >= shape.count - limited {
        nat = nats.count
        let kind =
          nats.count < shape.natKinds.count
          ? shape.natKinds[nats.count] : NAT.Kind(mapping: shape.mapping, filtering: shape.filtering)
        nats.append(
          NAT(
            mapping: kind.mapping, filtering: kind.filtering, expiry: shape.natExpiry,
            address: IPv4Address(rawValue: Self.firstNATAddress + UInt32(nats.count))))
      }
      let bootstrap = index == 0 ? [] : [Endpoint(address: IPv4Address(rawValue: Self.firstAddress))]
      vrs.append(SimulatedVR(identity: identity, endpoint: endpoint, nat: nat, bootstrap: bootstrap))
      vrs[index].store.id = StoreID(high: 1, low: UInt64(index))
      let empty = try RouterMemory(
        store: vrs[index].store.id, consensus: RaftMemory(), knowledge: Knowledge(), incarnation: 1, hosts: LNDT())
      routers.append(makeRouter(vrs[index], empty, seed: UInt64(index)))
      vrs[index].offset = Int64(random.below(1 << 40))
      numbers[key.node] = index
    }
    underlay.grow(to: shape.count)
  }

  /// Every VR has the sessions that it wants.
  public var isConnected: Bool {
    live.allSatisfy { isConnected($0) }
  }

  /// The VR has the sessions that it wants with VRs that run.
  func isConnected(_ index: Int) -> Bool {
    let connected = routers[index].peers.connected
    return routers[index].gossip.wanted.allSatisfy { peer in
      connected.contains(peer) || numbers[peer].map { !vrs[$0].isRunning } ?? true
    }
  }

  /// Which sessions the VR lacks, in words.
  func lacking(_ index: Int) -> String {
    let router = routers[index]
    let connected = router.peers.connected
    let missing = router.gossip.wanted.filter { !connected.contains($0) }.map { peer -> String in
      guard let number = numbers[peer] else { return "a stranger" }
      let known = router.directory.records[peer].map { "\($0.role)" } ?? "nothing"
      return "VR \(number) (\(routers[number].reachability.role), known as \(known))"
    }
    return "VR \(index) (\(router.reachability.role)) has no session with \(missing.joined(separator: ", "))"
  }

  /// All live VRs hold the same records and verdicts.
  public var rootsAgree: Bool {
    let roots = live.map { routers[$0].gossip.store.root }
    return roots.dropFirst().allSatisfy { $0 == roots.first }
  }
}
