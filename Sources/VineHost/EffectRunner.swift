import Logging
import VineAddress
import VineBase
import VineDataPlane
import VineRaft
import VineRouter
import VineRouting

/// Carries out the router's effects in order and decides nothing.
struct EffectRunner {
  let store: Store
  let folder: StateFolder
  let dataPlane: DataPlane
  let log: EventLog
  var gateways: Gateways

  /// - Returns: the write of the log that was carried out, which the router is to be told.
  /// - Throws: if the store fails: nothing that depends on it may happen then.
  mutating func run(_ effect: RouterEffect) throws(HostError) -> WriteNumber? {
    switch effect {
    case .persistLog(let write):
      try store.persist(write)
      return write.number
    case .persistRecords(let records): try store.persist(records)
    case .persistLedger(let ledger): try store.setLedger(ledger)
    case .persistGrant(let grant): try store.persist(grant)
    case .removeRecords(let keys): try store.remove(keys)
    case .forgetGroup(let epoch): try store.replaceConsensus(RaftMemory(epoch: epoch))
    case .persistVerdict(let peer, let isDead): try store.persist(peer, isDead: isDead)
    case .persistIncarnation(let incarnation): try store.setIncarnation(incarnation)
    case .persistHosts(let hosts): try store.persist(hosts)
    case .persistCertificate(let der): try folder.write(certificate: der)
    case .persistPin(let peer): try store.setPin(peer)
    case .install(let session): dataPlane.post(.install(session))
    case .releaseSession(let index): dataPlane.post(.releaseSession(localIndex: index))
    case .path(let peer, let carrier): dataPlane.post(.path(peer, carrier))
    case .removePeer(let peer): dataPlane.post(.removePeer(peer))
    case .table(let table): dataPlane.post(.table(table))
    case .limitedPeers(let peers): dataPlane.post(.limitedPeers(peers))
    case .relayRoutes(let routes): dataPlane.post(.relayRoutes(routes))
    case .control(let bytes, let peer, let carrier): dataPlane.post(.control(bytes, to: peer, via: carrier))
    case .handshake(let bytes, let carrier): dataPlane.post(.handshake(bytes, via: carrier))
    case .probeSize(let bytes, let peer, let endpoint): dataPlane.post(.probeSize(bytes, to: peer, at: endpoint))
    case .pathMTU(let peer, let byteCount): dataPlane.post(.pathMTU(peer, byteCount))
    case .sendTrain(let train, let peer, let endpoint, let count):
      dataPlane.post(.sendTrain(train, to: peer, at: endpoint, count: count))
    case .expectTrain(let train, let peer): dataPlane.post(.expectTrain(train, from: peer))
    case .openChannel(let channel, let endpoint): dataPlane.post(.openChannel(channel, endpoint))
    case .closeChannel(let channel): dataPlane.post(.closeChannel(channel))
    case .dialBack(let endpoint, let nonce): dataPlane.post(.dialBack(to: endpoint, nonce: nonce))
    case .gateways(let blocks): gateways.assign(blocks)
    case .announceGateways(let blocks): gateways.announce(blocks)
    case .event(let event): log.write(event)
    case .answer: preconditionFailure("the loop itself answers requests")
    }
    return nil
  }

  /// Takes the VR's addresses off the machine.
  mutating func close() { gateways.removeAll() }
}
