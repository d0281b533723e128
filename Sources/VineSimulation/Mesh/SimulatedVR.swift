import VineAddress
import VineBase
import VineGossip
import VineIdentity
import VineRaft
import VineRouter
import VineRouting
import VineSession

/// One VR of a simulation: its router, and what stands in for its data plane, disk, clock and processor.
struct SimulatedVR: Sendable {
  let identity: RouterIdentity
  /// On its own network.
  let endpoint: Endpoint
  /// The NAT it is behind.
  let nat: Int?
  let bootstrap: [Endpoint]
  /// The process runs; if not, its router is that of its last life.
  var isRunning = false
  var store = SimulatedStore()
  var plane = SimulatedPlane()
  /// Its own time is `offset + now × (1 + drift)`.
  var offset: Int64 = 0
  var driftPartsPerMillion: Int64 = 0
  /// When the earliest wakeup in the queue comes.
  var wakeupAt = Int64.max
  /// The process is held up until then.
  var stalledUntil: Int64 = 0
  /// Counts lives of the process, so that events of an earlier one are not delivered.
  var life: Int = 0
  var bytesSent = 0
  var bytesReceived = 0
  var payloadsSent = 0

  var node: NodeID { identity.node }

  func local(_ now: Int64) -> Instant {
    let ahead = now / 1_000_000 * driftPartsPerMillion + now % 1_000_000 * driftPartsPerMillion / 1_000_000
    return Instant(nanoseconds: offset + now + ahead)
  }

  /// When the VR's own clock shows `instant`.
  func global(_ instant: Instant) -> Int64 {
    let elapsed = instant.nanoseconds - offset
    let pace = 1_000_000 + driftPartsPerMillion
    return elapsed / pace * 1_000_000 + elapsed % pace * 1_000_000 / pace
  }
}

/// What a VR's disk holds. What was written and not yet synced is lost in a crash.
struct SimulatedStore: Sendable {
  var id = StoreID(high: 0, low: 0)
  var consensus = RaftMemory()
  private(set) var records: SortedMap<RecordPlace, SignedRecord> = [:]
  private(set) var dead: SortedMap<NodeID, Bool> = [:]
  var incarnation: UInt64 = 0
  var hosts = LNDT()
  var ledger: GrantLedger?
  var pinned: NodeID?
  /// What the records came to when they were last read as a whole; copies of it share their memory.
  var knowledge: Knowledge?

  mutating func persist(_ records: [SignedRecord]) {
    for record in records { self.records[record.place] = record }
  }

  mutating func remove(_ keys: [RecordKey]) {
    for place in records.keys where records[place].map({ keys.contains($0.key) }) ?? false { records[place] = nil }
  }

  mutating func persist(_ node: NodeID, isDead: Bool) { dead[node] = isDead ? true : nil }

  /// What the next start finds; the incarnation is raised first.
  mutating func memory() -> RouterMemory {
    incarnation += 1
    let knowledge = Knowledge(base: knowledge, records: records.values, dead: dead.keys)
    do {
      return try RouterMemory(
        store: id, consensus: consensus, knowledge: knowledge, incarnation: incarnation, hosts: hosts,
        ledger: ledger, pinned: pinned)
    } catch {
      preconditionFailure("a store of the simulation holds what a router wrote: \(error)")
    }
  }
}

/// What the data plane does for control traffic: sessions by index, and the way to each peer.
struct SimulatedPlane: Sendable {
  struct Session: Sendable {
    let peer: NodeID
    let localIndex: UInt32
    let remoteIndex: UInt32
    /// Stands for the keys.
    let key: UInt64
    let isGuest: Bool
    var isConfirmed: Bool
    let isInitiator: Bool
    let installed: Int64
  }

  struct Channel: Sendable {
    let own: Int
    let peer: Int
    /// The number at the other end.
    let other: Int
    /// Records arrive in order: not before this.
    var lastArrival: Int64
  }

  var sessions: [UInt32: Session] = [:]
  /// Newest last.
  var byPeer: [NodeID: [UInt32]] = [:]
  var carriers: [NodeID: Carrier] = [:]
  var byTag: [NodeTag: NodeID] = [:]
  var relayRoutes: SortedMap<NodeTag, NodeID> = [:]
  var channels: SortedMap<Int, Channel> = [:]
  var nextAccepted = 2
  /// What packets of hosts are decided by.
  var table: ForwardingTable?
  /// When a session was last asked for, for a packet that found none.
  private var asked: [NodeID: Int64] = [:]

  mutating func install(_ established: EstablishedSession, at now: Int64) {
    let peer = established.peer.node
    sessions[established.localIndex] = Session(
      peer: peer, localIndex: established.localIndex, remoteIndex: established.remoteIndex,
      key: established.handshakeHash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, isGuest: established.peer.isGuest,
      isConfirmed: false, isInitiator: established.isInitiator, installed: now)
    byPeer[peer, default: []].append(established.localIndex)
    byTag[peer.tag] = peer
  }

  /// Once a second for each peer (`Limits.needsSessionEvery`).
  mutating func mayAsk(for peer: NodeID, at now: Int64) -> Bool {
    if let last = asked[peer], now - last < 1_000_000_000 { return false }
    asked[peer] = now
    return true
  }

  mutating func release(_ index: UInt32) {
    guard let session = sessions.removeValue(forKey: index) else { return }
    byPeer[session.peer]?.removeAll { $0 == index }
    if byPeer[session.peer]?.isEmpty == true { byPeer[session.peer] = nil }
  }

  mutating func remove(_ peer: NodeID) {
    for index in byPeer.removeValue(forKey: peer) ?? [] { sessions[index] = nil }
    carriers[peer] = nil
  }

  /// The session that frames to the peer are sealed under: the newest that the peer certainly has, or after two
  /// seconds the newest at all (VineDataPlane's `Peer`).
  func sending(to peer: NodeID, at now: Int64) -> Session? {
    guard let indices = byPeer[peer] else { return nil }
    var newest: Session?
    for index in indices.reversed() {
      guard let session = sessions[index] else { continue }
      if !session.isInitiator || session.isConfirmed || now - session.installed > 2_000_000_000 { return session }
      newest = newest ?? session
    }
    return newest
  }
}
