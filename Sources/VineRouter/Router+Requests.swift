import VineAddress
import VineBase
import VineIdentity
import VineRegistry
import VineSession
import VineWire

/// Requests from the VR's own machine: turned into registry commands or changes of the LNDT.
extension Router {
  mutating func received(_ request: LocalRequest, _ id: RequestID, _ turn: inout Turn) {
    switch request {
    case .invite(let site, let hosts, let validFor): invite(site, hosts: hosts, validFor: validFor, id, &turn)
    case .createVine(let name): propose(.createVine(name), for: .request(id, .part(name)), &turn)
    case .deleteVine(let name): withVine(name, id, &turn) { .deleteVine($0) }
    case .joinVine(let name): joinVine(name, id, &turn)
    case .leaveVine(let name): withVine(name, id, &turn) { .leaveVine($0) }
    case .addHost(let address, let name): addHost(address, name, id, &turn)
    case .removeHost(let address, let name): removeHost(address, name, id, &turn)
    case .renameVine(let name, let new): withVine(name, id, &turn) { .renameVine($0, new) }
    case .requestBlock(let hosts, nil):
      propose(.allocateBlock(hosts: hosts, scope: nil), for: .request(id, .block(nil)), &turn)
    case .requestBlock(let hosts, let name?): requestBlock(hosts, in: name, id, &turn)
    case .releaseBlock(let block): releaseBlock(block, id, &turn)
    case .revoke(let site): withSite(site, id, &turn) { .revoke($0) }
    case .reclaim(let site):
      let known = knownIndex
      if let owner = directory.view.site(named: site), owner != node, !directory.view.isRevoked(owner),
        gossip.member(owner)?.state == .alive
      {
        let mend = "stop its vine-meshd for good, or run `vine-mesh peer revoke \(site)` first"
        return refuse(id, RequestFailure("the VR of \(site) is up: its hosts would be cut off", mend: mend), &turn)
      }
      withSite(site, id, &turn) { .reclaim($0, known: known) }
    case .pinQueueVR(let site): pinQueueVR(site, id, &turn)
    case .probe(let site): probe(site, id, &turn)
    case .explain(let source, let destination): explain(source, destination, id, &turn)
    // What is due, voters end by themselves.
    case .decideNothing: propose(.endQuarantines, for: .request(id, .nothing), &turn)
    }
  }

  mutating func propose(_ command: RegistryCommand, for waiting: Requests.Waiting, _ turn: inout Turn) {
    guard let id = ProposalID(requests.secrets.bytes(16)) else { return }
    let proposal = Proposal(id: id, author: node, at: turn.wall, command: command)
    if case .request(let request, let subject) = waiting, let answer = grantBlock(proposal, &turn) {
      return turn.emit(.answer(request, .success(subject.answer(answer))))
    }
    requests.waiting[id] = waiting
    run(registrar.propose(proposal, at: turn.now, isReached: peers.isConnected), &turn)
  }

  mutating func answered(
    _ id: ProposalID, _ outcome: Result<RegistryAnswer, Registrar.ProposalFailure>, _ turn: inout Turn
  ) {
    guard let waiting = requests.waiting.removeValue(forKey: id) else { return }
    switch waiting {
    case .join(let guest): joinDecided(guest, outcome, &turn)
    case .delegation:
      if case .success(let answer) = outcome { run(registrar.delegateAnswered(answer), &turn) }
    case .request(let request, .nothing):
      // That no quarantine is over is a decision, too.
      if case .failure(.refused(.noQuarantineOver)) = outcome { return turn.emit(.answer(request, .success(.done))) }
      turn.emit(.answer(request, outcome.mapError(RequestFailure.init).map { _ in .done }))
    case .request(let request, let subject):
      if case .part = subject, case .success(.vine(let network)) = outcome {
        return answer(request, subject.answer(.vine(network)), whenPartOf: network, &turn)
      }
      turn.emit(.answer(request, outcome.mapError(RequestFailure.init).map { subject.answer($0) }))
    }
  }

  func refuse(_ id: RequestID, _ failure: RequestFailure, _ turn: inout Turn) {
    turn.emit(.answer(id, .failure(failure)))
  }

  private mutating func invite(
    _ site: SiteName, hosts: Int, validFor: Duration, _ id: RequestID, _ turn: inout Turn
  ) {
    guard identity.authority != nil else {
      let failure = RequestFailure(
        "this VR does not hold the key that signs certificates", mend: wayToSigner("run `vine-mesh invite`"))
      return refuse(id, failure, &turn)
    }
    guard !reachability.endpoints.isEmpty else {
      let failure = RequestFailure(
        "nobody could reach this VR: it has no public endpoint",
        mend: "set `endpoints` in the configuration and run `vine-mesh reload`, or invite from a public VR")
      return refuse(id, failure, &turn)
    }
    let (end, isBeyond) = turn.wall.secondsSince1970.addingReportingOverflow(validFor.components.seconds)
    guard validFor > .zero, !isBeyond, end <= WireLimits.secondsMax else {
      let failure = RequestFailure(
        "an invitation ends after it is made, and before the year 10000", mend: "give --expires like 7d", .usage)
      return refuse(id, failure, &turn)
    }
    let secret = requests.secrets.bytes(32)
    guard let invitation = InvitationID(requests.secrets.bytes(16)) else { return }
    let expires = WallTime(secondsSince1970: end)
    let token = InvitationToken(
      mesh: identity.genesis.meshID, id: invitation.bytes, secret: secret, site: site.description,
      expires: expires, endpoints: Array(reachability.endpoints.prefix(4)))
    let command = RegistryCommand.invite(
      invitation, secretHash: token.secretHash, site: site, hosts: hosts, expires: expires)
    propose(command, for: .request(id, .invitation(token.text, expires)), &turn)
  }

  private mutating func withVine(
    _ name: VineName, _ id: RequestID, _ turn: inout Turn, command: (NetworkID) -> RegistryCommand
  ) {
    guard let network = directory.view.vine(named: name) else { return refuse(id, .unknownVine(name), &turn) }
    propose(command(network), for: .request(id, .vine(name)), &turn)
  }

  // MARK: Sites

  private mutating func withSite(
    _ name: SiteName, _ id: RequestID, _ turn: inout Turn, command: (NodeID) -> RegistryCommand
  ) {
    guard let other = directory.view.site(named: name) else {
      return refuse(id, RequestFailure("there is no site \(name)", mend: "see `vine-mesh peer list`"), &turn)
    }
    guard other != node else {
      return refuse(id, RequestFailure("\(name) is this site", mend: "run it at another site"), &turn)
    }
    propose(command(other), for: .request(id, .site(name)), &turn)
  }

  /// The last decision that this VR has heard of.
  private var knownIndex: UInt64 {
    gossip.records.reduce(registrar.appliedIndex) { $1.key.kind == .fact ? max($0, $1.version.sequence) : $0 }
  }

  // MARK: Blocks

  /// A block that counts in one ViNe only.
  private mutating func requestBlock(_ hosts: Int, in name: VineName, _ id: RequestID, _ turn: inout Turn) {
    guard let network = directory.view.vine(named: name) else { return refuse(id, .unknownVine(name), &turn) }
    propose(.allocateBlock(hosts: hosts, scope: network), for: .request(id, .block(nil)), &turn)
  }

  private mutating func releaseBlock(_ block: Block, _ id: RequestID, _ turn: inout Turn) {
    let held = directory.view.holdings(of: node).first { $0.block == block } ?? ScopedBlock(block)
    propose(.releaseBlock(held), for: .request(id, .block(block)), &turn)
  }

  // MARK: LNDT

  private mutating func addHost(_ address: IPv4Address, _ name: VineName, _ id: RequestID, _ turn: inout Turn) {
    guard let network = directory.view.vine(named: name) else { return refuse(id, .unknownVine(name), &turn) }
    if let denied = refusesByPolicy(name) { return refuse(id, denied, &turn) }
    guard directory.view.takesPart(node, in: network) else {
      let failure = RequestFailure(
        "site \(identity.site) takes no part in ViNe \(name)", mend: "run `vine-mesh vine join \(name)` first")
      return refuse(id, failure, &turn)
    }
    let blocks = directory.view.blocks(of: node, in: network)
    guard let block = blocks.first(where: { $0.contains(address) }) else {
      let own = blocks.map(\.description).joined(separator: ", ")
      let failure = RequestFailure(
        "\(address) is in no block of site \(identity.site)",
        mend: own.isEmpty ? "request a block with `vine-mesh block request`" : "choose an address in \(own)")
      return refuse(id, failure, &turn)
    }
    guard address != block.gateway, address != block.base, address != block.broadcast else {
      let failure = RequestFailure(
        "\(address) is the network, gateway or broadcast address of \(block)", mend: "choose another address")
      return refuse(id, failure, &turn)
    }
    var wanted = hosts
    wanted.add(address, to: network)
    guard hasRoom(for: wanted) else {
      let ranges = hosts.participation.reduce(0) { $0 + $1.1.ranges.count }
      let failure = RequestFailure(
        "the VR's record has no room for a host at \(address): it holds \(ranges) separate ranges of addresses",
        mend: "choose an address next to another host of \(name), or take hosts out (`vine-mesh host list`)")
      return refuse(id, failure, &turn)
    }
    hosts = wanted
    hostsChanged(address, id, &turn)
  }

  private mutating func removeHost(_ address: IPv4Address, _ name: VineName?, _ id: RequestID, _ turn: inout Turn) {
    guard let networks = hosts.hosts[address] else {
      let failure = RequestFailure("\(address) is not in the LNDT", mend: "see `vine-mesh host list`")
      return refuse(id, failure, &turn)
    }
    if let name {
      guard let network = directory.view.vine(named: name), networks.contains(network) else {
        let failure = RequestFailure("\(address) is not in ViNe \(name)", mend: "see `vine-mesh host list`")
        return refuse(id, failure, &turn)
      }
      hosts.remove(address, from: network)
    } else {
      for network in networks { hosts.remove(address, from: network) }
    }
    hostsChanged(address, id, &turn)
  }

  private mutating func hostsChanged(_ address: IPv4Address, _ id: RequestID, _ turn: inout Turn) {
    turn.emit(.persistHosts(hosts))
    turn.hostsChanged = true
    turn.ownRecordChanged = true
    let names = (hosts.hosts[address] ?? []).compactMap { directory.view.vines[$0]?.name }
    turn.emit(.answer(id, .success(.host(address, names))))
  }
}

/// Who waits for which proposal.
struct Requests: Sendable {
  /// Who waits for the measurement of which VR's link.
  var probes: SortedMap<NodeID, [RequestID]> = [:]
  enum Waiting: Sendable {
    case request(RequestID, Subject)
    case join(NodeID)
    /// As a delegate.
    case delegation
  }

  /// What a request was about, to make the registry's answer one for its asker.
  enum Subject: Sendable {
    case vine(VineName)
    /// This site takes part in the ViNe from now on.
    case part(VineName)
    case block(Block?)
    case invitation(String, WallTime)
    case site(SiteName)
    case nothing

    func answer(_ answer: RegistryAnswer) -> LocalAnswer {
      switch (self, answer) {
      case (.nothing, _): .done
      case (.site(let name), .quarantined(let blocks, _)): .site(name, blocksKept: blocks)
      case (.site(let name), _): .site(name, blocksKept: 0)
      case (.invitation(let token, let expires), _): .invitation(token: token, expires: expires)
      case (.vine(let name), .vine(let network)), (.part(let name), .vine(let network)): .vine(name, network)
      case (.vine(let name), _), (.part(let name), _): .vine(name, NetworkID(rawValue: 0))
      case (.block, .allocated(let block)): .block(block)
      case (.block(let block), _): .block(block ?? Block.standardSpace)
      }
    }
  }

  var waiting: SortedMap<ProposalID, Waiting> = [:]
  /// Random bytes fit for secrets; libsodium's in the shell.
  var secrets: any EphemeralKeys
}

extension RequestFailure {
  static func unknownVine(_ name: VineName) -> RequestFailure {
    RequestFailure("there is no ViNe \(name)", mend: "see `vine-mesh vine list`, or `vine-mesh vine create \(name)`")
  }

  init(_ failure: Registrar.ProposalFailure) {
    switch failure {
    case .refused(let refusal): self.init(refusal.description, mend: "")
    case .unanswered:
      self.init(
        "no voter answered in time, so nothing is decided yet",
        mend: "see `vine-mesh status voters` and try again: a repeated command is not carried out twice", .unanswered)
    }
  }
}
