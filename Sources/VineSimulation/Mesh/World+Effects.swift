import VineBase
import VineGossip
import VineIdentity
import VineRaft
import VineRouter
import VineSession
import VineWire

/// What the shell does with a router's effects, in order.
extension World {
  mutating func carryOut(_ effect: RouterEffect, of index: Int) {
    switch effect {
    case .persistLog(let write):
      vrs[index].store.consensus.perform(write)
      let number = pendingSyncs.add(Syncs.Sync(number: write.number, life: vrs[index].life))
      queue.add(.synced, at: now + syncTime.inNanoseconds, index: index, detail: number)
    case .persistRecords(let records): vrs[index].store.persist(records)
    case .persistLedger(let ledger): vrs[index].store.ledger = ledger
    case .persistGrant(let grant): vrs[index].store.ledger?.grants.append(grant)
    case .removeRecords(let keys): vrs[index].store.remove(keys)
    case .forgetGroup(let epoch): vrs[index].store.consensus = RaftMemory(epoch: epoch)
    case .persistVerdict(let node, let isDead): vrs[index].store.persist(node, isDead: isDead)
    case .persistIncarnation(let incarnation): vrs[index].store.incarnation = incarnation
    case .persistHosts(let hosts): vrs[index].store.hosts = hosts
    case .persistCertificate: break
    case .persistPin(let pin): vrs[index].store.pinned = pin
    case .install(let session): vrs[index].plane.install(session, at: now)
    case .releaseSession(let local): vrs[index].plane.release(local)
    case .path(let peer, let carrier): vrs[index].plane.carriers[peer] = carrier
    case .removePeer(let peer): vrs[index].plane.remove(peer)
    case .relayRoutes(let routes): vrs[index].plane.relayRoutes = routes
    case .control(let bytes, let peer, let carrier): sendControl(bytes, from: index, to: peer, via: carrier)
    case .handshake(let bytes, let carrier): send(.handshake(bytes), from: index, via: carrier)
    case .openChannel(let channel, let endpoint): open(Int(channel.rawValue), from: index, to: endpoint)
    case .closeChannel(let channel): close(Int(channel.rawValue), at: index)
    case .probeSize(let bytes, let peer, let endpoint):
      sendControl(bytes, from: index, to: peer, via: .datagram(endpoint))
    case .expectTrain, .pathMTU: break
    case .sendTrain(let train, _, let endpoint, let count): sendTrain(train, count, from: index, to: endpoint)
    case .dialBack(let endpoint, let nonce):
      send(.dialBack(nonce), from: index, via: .datagram(endpoint), fromOtherPort: true)
    case .event(.memberChanged(let node, _, let state)):
      guard let about = numbers[node] else { return }
      verdicts.append(Verdict(at: now, by: index, about: about, state: state))
    case .answer(let id, let answer):
      if case .success = answer { answerCount += 1 }
      if case .success(.invitation(let text, _)) = answer, let token = try? InvitationToken.parse(text) {
        tokens.append(token)
      }
      if awaited.remove(id) != nil { answers[id] = answer }
    case .table(let table): vrs[index].plane.table = table
    // Nobody reads a screen.
    case .limitedPeers, .gateways, .announceGateways, .event: break
    }
  }

  mutating func synced(_ number: Int, at index: Int) {
    guard let sync = pendingSyncs.take(number), sync.life == vrs[index].life else { return }
    input(.persisted(sync.number), to: index)
  }

  private mutating func sendControl(_ bytes: [UInt8], from index: Int, to peer: NodeID, via: Carrier?) {
    guard let session = vrs[index].plane.sending(to: peer, at: now),
      let carrier = via ?? vrs[index].plane.carriers[peer]
    else {
      return
    }
    vrs[index].payloadsSent += Payloads.count(in: bytes)
    census.count(bytes)
    send(.control(bytes, index: session.remoteIndex, key: session.key), from: index, via: carrier)
  }
}

/// Counts whole records in control messages without decoding them: field 1 (gossip), then field 6 (push), then one
/// field 1 for each record (gossip.proto).
enum Payloads {
  static func count(in bytes: [UInt8]) -> Int {
    var position = 0
    guard enter(0x0A, bytes, &position) != nil, let end = enter(0x32, bytes, &position) else { return 0 }
    var count = 0
    while position < end {
      guard let recordEnd = enter(0x0A, bytes, &position) else { return count }
      position = recordEnd
      count += 1
    }
    return count
  }

  /// - Returns: where the field ends.
  private static func enter(_ tag: UInt8, _ bytes: [UInt8], _ position: inout Int) -> Int? {
    guard position < bytes.count, bytes[position] == tag else { return nil }
    position += 1
    var (length, shift) = (0, 0)
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      length |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return min(position + length, bytes.count) }
      shift += 7
    }
    return nil
  }
}
