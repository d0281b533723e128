import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals
import VineAddress
import VineBase
import VineControl
import VineDataPlane
import VineGossip
import VineIdentity
import VinePacket
import VinePath
import VineRouter
import VineSession

/// One VR: everything that runs in a vine-meshd process, from the checks before the start to the last rule removed.
public struct Daemon: Service {
  private let paths: MeshPaths
  private let configuration: Configuration
  private let logger: Logger
  private let level: LogLevel

  /// - Parameter level: of `logger`.
  public init(paths: MeshPaths, configuration: Configuration, logger: Logger, level: LogLevel) {
    self.level = level
    self.paths = paths
    self.configuration = configuration
    self.logger = logger
  }

  /// Runs until a graceful shutdown or a failure.
  /// - Throws: `HostError`.
  public func run() async throws {
    let groups = try configuration.api.groups()
    let log = EventLog(logger: logger)
    let manager = ServiceManager(environment: ProcessInfo.processInfo.environment, process: getpid())
    let parts = try start(log)
    log.tell(
      .daemonStarted, "vine-meshd \(SoftwareVersion.current) runs",
      ["mesh": parts.genesis.meshName, "site": parts.site, "node": "\(parts.node)", "version": SoftwareVersion.current])
    let means = parts.dataPlane.means
    log.tell(
      .daemonDataPlane, "packets go",
      ["capture": means.capture, "injection": means.injection, "cryptography": means.cryptography])
    let reload = Reload(
      path: paths.configuration, current: configuration, loop: parts.loop, level: level, log: log, manager: manager)
    let api = LocalAPI(
      socket: paths.socket, loop: parts.loop, dataPlane: parts.dataPlane, drops: parts.drops, node: parts.node,
      started: Clock.now, queueNumber: configuration.queueNumber, space: parts.space,
      reload: reload, authority: parts.authority,
      doctor: Doctor(
        configuration: configuration, space: parts.space, lan: parts.rules.lan, state: paths.state, rules: parts.rules),
      events: log.store)
    let successor = Successor()
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await api.run(group: groups.admin) }
        if let reading = groups.reading {
          group.addTask { await beside(log) { try await api.runReading(group: reading) } }
        }
        if let door = configuration.dashboard {
          log.tell(.dashboardOpened, "the dashboard is at http://\(door)/", ["door": "\(door)"])
          group.addTask { await beside(log) { try await Dashboard(api: api, door: door).run() } }
        }
        group.addTask { for await error in parts.failures { throw error } }
        group.addTask { await parts.drops.run(parts.dataPlane) }
        group.addTask { await AddressWatch(space: parts.space).run(parts.loop) }
        group.addTask { try await gracefulShutdown() }
        group.addTask { await reload.onHangup() }
        group.addTask { await parts.lifeline.run() }
        group.addTask { await RulesWatch(rules: parts.rules, log: log).run() }
        group.addTask { await successor.wait() }
        if let heartbeat = heartbeat(manager, api) { group.addTask { await heartbeat.run() } }
        // The first to end ends all: a failure, or the signal.
        try await group.next()
        manager?.tell(.stopping)
        group.cancelAll()
      }
    } catch {
      // Nobody told it to stop: the hosts go on sending, and their packets must not go on in clear.
      parts.stop(keepsRules: true)
      throw error
    }
    // The same holds until the next daemon takes over.
    parts.stop(keepsRules: successor.isExpected, keepsGateways: successor.isExpected)
    log.tell(.daemonStopped, successor.isExpected ? "stopped, for the next daemon to take over" : "stopped")
  }

  /// Runs what traffic does not need: without it the VR goes on.
  private func beside(_ log: EventLog, _ work: () async throws -> Void) async {
    do { try await work() } catch {
      log.tell(.apiUnavailable, (error as? HostError)?.line ?? "\(error)")
    }
    // The first task to end would end the daemon.
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
  }

  /// Nobody is told anything where nobody asked.
  private func heartbeat(_ manager: ServiceManager?, _ api: LocalAPI) -> Heartbeat? {
    let client = ControlClient(socket: paths.socket, timeout: .seconds(5))
    return manager.map { manager in
      Heartbeat(
        manager: manager,
        status: {
          let context = await api.context()
          return await api.loop.look { router in router.statusView(context).serviceLine }
        }, isServing: { (try? await client.document(StatusView.name)) != nil })
    }
  }

  private func start(_ log: EventLog) throws(HostError) -> Parts {
    try Machine.checkPrivileges()
    try MeshSetup.startSodium()
    let folder = StateFolder(paths.state)
    try folder.create()
    let contents = try folder.load()
    let lock = try folder.lock()
    let store = try Store(path: folder.database, node: contents.key.node)
    let memory = try store.memory()
    let trust: MeshTrust
    do { trust = try MeshTrust(genesis: contents.genesis) } catch { throw Self.unusable(error) }
    let (authority, authorityState) = try AuthorityKeeper.atStart(
      contents, folder, passphraseFile: configuration.authorityPassphraseFile)
    let (certificate, certified) = try usableCertificate(contents, trust, authority, memory, folder, log)
    guard certified.node == contents.key.node else {
      throw HostError(
        "the state folder mixes two VRs: key and certificate do not match",
        mend: "restore the whole folder from one backup", .configuration)
    }
    try configuration.checkBelongs(site: certified.site, mesh: contents.genesis.meshName, state: paths.state)
    let space = try SiteSpace(
      space: Block(contents.genesis.space) ?? .standardSpace, mirrored: configuration.mirror)
    let lan = try Machine.lan(configured: configuration.lan)
    let view = memory.knowledge.directory.view
    let first = configuration.succession.standsInFor.flatMap(view.site(named:))
    let own = [certified.node, first].compactMap(\.self).flatMap(view.blocks(of:))
    let gateways = Gateways(lan: lan, space: space, journal: paths.socket + ".gateways")
    gateways.removeLeftBehind(besides: own)
    try Machine.checkOverlap(space: space, lan: lan, own: own, leaveAlone: configuration.leaveAlone)
    let identity = RouterIdentity(
      key: contents.key, site: certified.site, genesis: contents.genesis, certificate: certificate,
      certificateExpires: certified.notAfter, certificateRenewal: certified.renewal, authority: authority,
      softwareVersion: SoftwareVersion.current)
    let placement = RouterPlacement(
      declaredEndpoints: configuration.endpoints, localAddresses: Machine.addresses(besides: space),
      port: configuration.port, bootstrap: configuration.bootstrap,
      usesDirectPaths: configuration.directPaths, suites: CipherSuite.offer(preferring: configuration.suites),
      wireVersions: .spoken(ProcessInfo.processInfo.environment))
    let router = Router(
      identity: identity, placement: placement, memory: memory, checks: Checks(trust: trust),
      policy: configuration.policy, succession: configuration.succession,
      ephemeralKeys: SystemEphemeralKeys(),
      secrets: SystemEphemeralKeys(), random: RandomSource(seed: Clock.seed))
    let loop = ControlLoop()
    let dataPlane = try makeDataPlane(certified.node, lan: lan, mirror: space.mirror, loop: loop)
    let rules = NetfilterRules(
      lan: lan, space: space.blocks, queueNumber: configuration.queueNumber, leaveAlone: configuration.leaveAlone,
      capturesByTun: configuration.dataPlane.capture == .tun, injectsByTun: configuration.dataPlane.injection == .tun,
      isNoRouter: !Machine.isRouter)
    let barrier = rules.capturesByTun ? nil : SpaceBarrier(space: space.blocks, queueNumber: configuration.queueNumber)
    barrier?.install()
    try rules.install()
    let routing = try route(space.blocks, lan: lan, rules)
    let (failures, failed) = AsyncStream.makeStream(of: HostError.self)
    dataPlane.start()
    loop.start(
      router: router,
      runner: EffectRunner(
        store: store, folder: folder, dataPlane: dataPlane, log: log, gateways: gateways)
    ) { failed.yield($0) }
    return Parts(
      loop: loop, dataPlane: dataPlane, rules: rules, barrier: barrier, routing: routing, lock: lock,
      failures: failures,
      drops: DropHistory(),
      authority: AuthorityKeeper(folder: folder, genesis: contents.genesis, loop: loop, state: authorityState),
      lifeline: Lifeline(
        loop: loop, key: contents.key, genesis: contents.genesis, trust: trust, bootstrap: configuration.bootstrap,
        log: log),
      genesis: contents.genesis, space: space, site: certified.site, node: certified.node)
  }

  /// The VR's own certificate, renewed on the spot if it has expired.
  private func usableCertificate(
    _ contents: StateFolder.Contents, _ trust: MeshTrust, _ authority: CertificateAuthority?, _ memory: RouterMemory,
    _ folder: StateFolder, _ log: EventLog
  ) throws(HostError) -> ([UInt8], CertifiedVR) {
    let now = Clock.wall
    do throws(CertificateError) {
      return (contents.certificate, try trust.verify(certificateDER: contents.certificate, at: now))
    } catch {
      guard case .expired(let end) = error,
        let old = try? trust.verify(certificateDER: contents.certificate, at: end)
      else { throw Self.unusable(error) }
      log.tell(.certificateExpired, "the certificate has expired: asking for the next one")
      let der: [UInt8]
      if let authority {
        guard let own = try? authority.issue(node: old.node, site: old.site, mesh: trust.mesh, at: now) else {
          throw Self.unusable(error)
        }
        der = own
      } else {
        let records = memory.knowledge.directory.records
        let signers = records.filter { $0.1.signs || $0.0 == contents.genesis.founder }.flatMap { $0.1.endpoints }
        do throws(HostError) {
          let client = RenewClient(key: contents.key, genesis: contents.genesis, trust: trust)
          der = try client.run(asking: signers + configuration.bootstrap)
        } catch let failure {
          throw HostError(
            "this VR's certificate: \(error); \(failure.message)",
            mend: failure.mend.isEmpty ? "start it again when a VR with the authority's key is reached" : failure.mend,
            .configuration)
        }
      }
      guard let certified = try? trust.verify(certificateDER: der, at: now), certified.node == old.node else {
        throw Self.unusable(error)
      }
      try folder.write(certificate: der)
      return (der, certified)
    }
  }

  private static func unusable(_ error: CertificateError) -> HostError {
    HostError("this VR's certificate: \(error)", mend: "join again with a new invitation", .configuration)
  }

  private func route(_ space: [Block], lan: String, _ rules: NetfilterRules) throws(HostError) -> TunRouting? {
    guard rules.capturesByTun || rules.injectsByTun else { return nil }
    var routing = TunRouting(lan: lan, queueNumber: configuration.queueNumber)
    do throws(HostError) { try routing.install(space: space) } catch {
      rules.remove()
      throw error
    }
    return routing
  }

  private func makeDataPlane(_ node: NodeID, lan: String, mirror: Mirror?, loop: ControlLoop) throws(HostError)
    -> DataPlane
  {
    let settings = DataPlaneConfiguration(
      node: node, listen: Endpoint(address: IPv4Address(rawValue: 0), port: configuration.port), lanInterface: lan,
      queueNumber: configuration.queueNumber, capture: configuration.dataPlane.capture,
      injection: configuration.dataPlane.injection, usesOffloads: configuration.dataPlane.offloads, mirror: mirror)
    do {
      return try DataPlane(configuration: settings) { event in loop.post(RouterInput(event)) }
    } catch {
      let status: ExitStatus =
        switch error.kind {
        case .noPermission: .permission
        case .portTaken, .noNetfilterQueue, .queueTaken, .interfaceMissing, .addressMissing: .configuration
        case .system: .failed
        }
      throw HostError(error.message, mend: error.mend, status)
    }
  }
}

/// What runs.
private struct Parts: Sendable {
  let loop: ControlLoop
  let dataPlane: DataPlane
  let rules: NetfilterRules
  /// Nil where the kernel routes the hosts' packets to a TUN device.
  let barrier: SpaceBarrier?
  /// Nil without a TUN device.
  let routing: TunRouting?
  let lock: Int32
  let failures: AsyncStream<HostError>
  let drops: DropHistory
  let authority: AuthorityKeeper
  let lifeline: Lifeline
  let genesis: Genesis
  let space: SiteSpace
  let site: String
  let node: NodeID

  /// The rules go last: until nothing captures any more they drop. Where they stay they drop on.
  func stop(keepsRules: Bool, keepsGateways: Bool = false) {
    loop.stop(keepsGateways: keepsGateways)
    dataPlane.stop()
    routing?.remove()
    if !keepsRules {
      rules.remove()
      barrier?.remove()
    }
    close(lock)
  }
}

/// Another daemon is to take over, after an upgrade say (SIGUSR1): this one ends and leaves what keeps the hosts' packets off the
/// underlay meanwhile.
private final class Successor: Sendable {
  private let expected = Atomic(false)

  var isExpected: Bool { expected.load(ordering: .relaxed) }

  /// Returns at the signal, or when cancelled.
  func wait() async {
    for await _ in await UnixSignalsSequence(trapping: .sigusr1) {
      expected.store(true, ordering: .relaxed)
      return
    }
  }
}

extension RouterInput {
  /// One event of the data plane is one input of the router.
  init(_ event: DataPlaneEvent) {
    self =
      switch event {
      case .handshake(let bytes, let carrier): .handshake(bytes, via: carrier)
      case .control(let bytes, let peer, let carrier, let index):
        .control(bytes, from: peer, via: carrier, localIndex: index)
      case .confirmed(let index): .confirmed(localIndex: index)
      case .channelOpened(let channel): .channelOpened(channel)
      case .channelAccepted(let channel, let endpoint): .channelAccepted(channel, from: endpoint)
      case .channelClosed(let channel, let reason): .channelClosed(channel, reason: reason)
      case .dialBack(let nonce, let endpoint, let overTCP): .dialBack(nonce: nonce, from: endpoint, overTCP: overTCP)
      case .unknownSession(let carrier): .unknownSession(via: carrier)
      case .needsSession(let peer): .needsSession(peer)
      case .traffic(let peers, let passed):
        .traffic(peers.map { TrafficShare($0.node, sent: $0.sent, received: $0.received, within: passed) })
      case .train(let id, let peer, let frames, let sent):
        .train(
          id, from: peer,
          frames.map { TrainArrival(sequence: $0.sequence, byteCount: $0.byteCount, nanoseconds: $0.nanoseconds) },
          sent: sent)
      case .needsRelay(let tag): .needsRelay(to: tag)
      }
  }
}
