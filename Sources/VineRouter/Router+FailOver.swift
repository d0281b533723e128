import VineAddress
import VineBase
import VinePath
import VineRegistry
import VineRouting
import VineWire

/// What the configuration says of the site's other VR. Both have to say it.
public struct Succession: Hashable, Sendable {
  /// The site name of the VR that may stand in for this one.
  public var secondVR: SiteName?
  /// The site name of the VR that this one stands in for.
  public var standsInFor: SiteName?

  public init(secondVR: SiteName? = nil, standsInFor: SiteName? = nil) {
    (self.secondVR, self.standsInFor) = (secondVR, standsInFor)
  }
}

/// Two VRs of one site: the first owns blocks and hosts, the second serves them while the first is gone.
extension Router {
  /// The VR that this one stands in for, if that one's own record says so, too.
  public var firstVR: NodeID? {
    guard let first = node(of: succession.standsInFor), directory.secondVR(of: first) == node else { return nil }
    return first
  }

  /// Another VR by its site's name. Spelt out: `flatMap(node(of:))` copies the whole router for its closure.
  func node(of site: SiteName?) -> NodeID? {
    guard let site, let found = directory.view.site(named: site), found != node, !directory.view.isRevoked(found) else {
      return nil
    }
    return found
  }

  mutating func successionChanged(_ new: Succession, _ turn: inout Turn) {
    guard succession != new else { return }
    succession = new
    turn.ownRecordChanged = true
    turn.hostsChanged = true
  }

  /// What the VR's record says of it.
  var toldSuccession: VRRecord.Succession {
    VRRecord.Succession(
      second: node(of: succession.secondVR)?.tag, standsInFor: failOver.standsIn ? firstVR?.tag : nil)
  }

  // MARK: The first VR

  /// Whether the second VR says that it stands in for this one.
  public var isStoodInFor: Bool {
    succession.secondVR != nil
      && directory.secondVR(of: node).map { directory.records[$0]?.succession.standsInFor == node.tag } ?? false
  }

  // MARK: The second VR

  mutating func lookAtFirstVR(_ turn: inout Turn) {
    let first = firstVR
    carryOut(failOver.watch(first != nil, at: turn.now), &turn)
    guard let first else { return }
    let others = peers.connected.filter { $0 != first }
    let heard = others.compactMap { peers.all[$0]?.heard }.max()
    let firstHeard = peers.isConnected(first) ? peers.all[first]?.heard : nil
    carryOut(failOver.look(first: firstHeard, others: heard, at: turn.now), &turn)
  }

  private mutating func carryOut(_ effects: [FailOver.Effect], _ turn: inout Turn) {
    for effect in effects {
      switch effect {
      case .askFirst: if let first = firstVR { askForLife(first, &turn) }
      case .askOthers:
        for peer in peers.connected.filter({ $0 != firstVR }).prefix(Self.othersAskedMax) { askForLife(peer, &turn) }
      case .standIn, .handBack, .release:
        if effect != .release, let first = firstVR {
          turn.report(.standsIn(for: first, site: directory.name(of: first), failOver.standsIn))
        }
        turn.ownRecordChanged = true
        turn.hostsChanged = true
      case .announce: if let first = firstVR { turn.emit(.announceGateways(directory.view.blocks(of: first))) }
      }
    }
  }

  /// Of the VRs that are asked whether this one is cut off.
  private static let othersAskedMax = 4

  private mutating func askForLife(_ peer: NodeID, _ turn: inout Turn) {
    guard peers.isConnected(peer) else {
      if peers.mayTry(peer, at: turn.now) { connect(to: peer, &turn) }
      return
    }
    peers.keepaliveSent(to: peer, at: turn.now)
    send(.keepalive(sequence: 0, isReply: false), to: peer, &turn)
  }

  /// The first VR's blocks, if this one serves them.
  var coveredBlocks: [Block] { firstVR.map { directory.view.blocks(of: $0) } ?? [] }

  /// ViNes whose tables this VR forwards by: its own, and those of the VR that it may stand in for.
  func servedNetworks(_ own: [NetworkID]) -> [NetworkID] {
    guard let first = firstVR else { return own }
    let others = directory.view.networks(of: first).filter { !own.contains($0) }
    return (own + others).sorted()
  }

  /// The own hosts, and those of the VR that this one may stand in for, as that one's record has them.
  var servedHosts: LNDT {
    var all = hosts
    guard let first = firstVR, let record = directory.records[first] else { return all }
    for (network, claim) in record.claims where directory.view.takesPart(first, in: network) {
      let part = GNDT.part(of: claim.addresses, in: directory.view.blocks(of: first, in: network))
      for range in part.ranges {
        for address in range.first.rawValue...range.last.rawValue {
          all.add(IPv4Address(rawValue: address), to: network)
        }
      }
    }
    return all
  }

  // MARK: All VRs

  /// Who speaks for whom, among the VRs of these tables.
  func seconds(among networks: [NetworkID]) -> [Second] {
    directory.participants(in: networks).compactMap { first in
      directory.secondVR(of: first).map {
        Second(of: first, node: $0, standsIn: directory.records[$0]?.succession.standsInFor == first.tag)
      }
    }
  }
}

extension Directory {
  /// The VR that may stand in for this one, by its own word; admitted and not revoked.
  public func secondVR(of first: NodeID) -> NodeID? {
    guard let tag = records[first]?.succession.second, let second = node(tagged: tag), second != first,
      !view.isRevoked(second)
    else { return nil }
    return second
  }
}
