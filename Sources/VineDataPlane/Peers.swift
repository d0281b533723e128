import VineBase
import VineRouting
import VineSession

/// All VRs that the data thread knows, found by node, tag, table index or session index.
final class Peers {
  private var byNode: [NodeID: Peer] = [:]
  private var byTag: [NodeTag: Peer] = [:]
  /// Kept by the peer that has it.
  private var byLocalIndex: [UInt32: Receiving] = [:]
  /// By the index that the table's decisions give.
  private var byTableIndex: [Peer] = []
  private var uncountedByTableIndex: [Uncounted<Peer>] = []
  private var table: ForwardingTable? { didSet { currentTable = table.map(Uncounted.init) } }
  private(set) var currentTable: Uncounted<ForwardingTable>?

  /// A session that frames come on, and whose it is.
  struct Receiving {
    let session: Uncounted<Session>
    let peer: Uncounted<Peer>
  }

  subscript(node: NodeID) -> Peer? { byNode[node] }
  subscript(tag: NodeTag) -> Peer? { byTag[tag] }

  @inline(__always)
  func peer(atTableIndex index: UInt32) -> Uncounted<Peer> { uncountedByTableIndex[Int(index)] }

  /// The session that `index` names.
  @inline(__always)
  func session(_ index: UInt32) -> Receiving? { byLocalIndex[index] }

  func install(_ established: EstablishedSession, at now: Instant) {
    let peer = known(established.peer.node)
    let session = Session(established, at: now)
    for gone in peer.install(session) { byLocalIndex[gone.localIndex] = nil }
    byLocalIndex[session.localIndex] = Receiving(session: Uncounted(session), peer: Uncounted(peer))
  }

  func release(_ index: UInt32) {
    guard let gone = byLocalIndex.removeValue(forKey: index) else { return }
    // Counted from here on: their keepers let go of them.
    let (peer, session) = (gone.peer.with { $0 }, gone.session.with { $0 })
    peer.release(session)
    forgetIfEmpty(peer)
  }

  func path(to node: NodeID, _ carrier: Carrier?) {
    let peer = known(node)
    peer.carrier = carrier
    forgetIfEmpty(peer)
  }

  func remove(_ node: NodeID) {
    guard let peer = byNode[node] else { return }
    for session in peer.sessions {
      byLocalIndex[session.localIndex] = nil
      peer.release(session)
    }
    peer.carrier = nil
    forgetIfEmpty(peer)
  }

  /// Swaps the table between two packets.
  func adopt(_ table: ForwardingTable) {
    let before = byTableIndex
    for peer in before { peer.tableIndex = .max }
    byTableIndex = table.nodes.map(known)
    uncountedByTableIndex = byTableIndex.map(Uncounted.init)
    for (index, peer) in byTableIndex.enumerated() { peer.tableIndex = UInt32(index) }
    self.table = table
    for peer in before { forgetIfEmpty(peer) }
  }

  func promote(at now: Instant) {
    for node in byNode.keys.sorted() { byNode[node]?.promote(at: now) }
  }

  /// VRs that packets were exchanged with since the last call, with bytes sent and received; sorted.
  func takeBusy() -> [(node: NodeID, sent: Int, received: Int)] {
    all.compactMap { peer in peer.takeMoved().map { (peer.node, $0.sent, $0.received) } }
  }

  /// Sorted by node.
  var all: [Peer] { byNode.keys.sorted().compactMap { byNode[$0] } }

  private func known(_ node: NodeID) -> Peer {
    if let peer = byNode[node] { return peer }
    let peer = Peer(node)
    byNode[node] = peer
    byTag[peer.tag] = peer
    return peer
  }

  /// Guests come and go: nothing is kept of a peer that has no session, no path and no place in the table.
  private func forgetIfEmpty(_ peer: Peer) {
    guard !peer.hasSession, peer.carrier == nil, peer.tableIndex == .max else { return }
    byNode[peer.node] = nil
    byTag[peer.tag] = nil
  }
}
