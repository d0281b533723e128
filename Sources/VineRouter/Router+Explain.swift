import VineBase
import VineRouting
import VineWire

/// What becomes of a packet, asked instead of tried: this VR's own decision with its steps, and what the VR at the other
/// end says that it would do.
public struct Explanation: Hashable, Sendable {
  /// The other end's word.
  public enum Remote: Hashable, Sendable {
    case delivered(TableVersion?)
    /// - `reason`: a name of `DropReason`, or one of a newer version.
    case dropped(reason: String, TableVersion?)
    /// There is no session, or no answer came in time.
    case unanswered(String)
  }

  public let source, destination: IPv4Address
  public let decision: Decision
  public let steps: [TraceStep]
  /// The VR that the packet goes to, if it leaves the site.
  public let peer: NodeID?
  public internal(set) var remote: Remote?

  /// The ViNe that the packet travels in.
  public var network: NetworkID? {
    switch decision {
    case .tunnel(let network, _), .deliver(let network): NetworkID(rawValue: network)
    case .drop: nil
    }
  }
}

/// Explanations that wait for the other end.
struct PendingExplanations: Sendable {
  struct Pending: Sendable {
    let request: RequestID
    let peer: NodeID
    var explanation: Explanation
    let deadline: Instant
  }

  /// A round trip through two queue-VRs takes less.
  static let patience = Duration.seconds(3)
  static let countMax = 64

  var all: SortedMap<UInt64, Pending> = [:]

  var nextWakeup: Wakeup? { all.values.map(\.deadline).min().map { Wakeup(at: $0, reason: "explanation") } }
}

extension Router {
  mutating func explain(_ source: IPv4Address, _ destination: IPv4Address, _ id: RequestID, _ turn: inout Turn) {
    guard let table = tables.forwarding else {
      let failure = RequestFailure("this VR has no tables yet", mend: "vine-mesh wait --converged", .unanswered)
      return refuse(id, failure, &turn)
    }
    let (decision, steps) = table.explainOutbound(source: source, destination: destination)
    var peer: NodeID?
    if case .tunnel(_, let index) = decision { peer = table.nodes[Int(index)] }
    var explanation = Explanation(
      source: source, destination: destination, decision: decision, steps: steps, peer: peer)
    guard let peer, let network = explanation.network else {
      return turn.emit(.answer(id, .success(.explained(explanation))))
    }
    guard peers.isConnected(peer), explanations.all.count < PendingExplanations.countMax else {
      // As a packet would.
      connect(to: peer, &turn)
      explanation.remote = .unanswered("there is no session with \(directory.name(of: peer)) yet")
      return turn.emit(.answer(id, .success(.explained(explanation))))
    }
    let number = random.next()
    explanations.all[number] = PendingExplanations.Pending(
      request: id, peer: peer, explanation: explanation, deadline: turn.now + PendingExplanations.patience)
    send(.explainRequest(id: number, network, source: source, destination: destination), to: peer, &turn)
  }

  mutating func explainRequested(
    _ number: UInt64, _ network: NetworkID, _ source: IPv4Address, _ destination: IPv4Address, by peer: NodeID,
    _ turn: inout Turn
  ) {
    guard let table = tables.forwarding else { return }
    let index = table.index(of: peer) ?? .max
    let (decision, _) = table.explainInbound(network: network, source: source, destination: destination, from: index)
    var reason: String?
    if case .drop(let found) = decision { reason = found.name }
    let version = tables.part?.networks.contains(network) == true ? directory.tables[network]?.version : nil
    send(.explainReply(id: number, reason: reason, version: version), to: peer, &turn)
  }

  mutating func explained(
    _ number: UInt64, _ reason: String?, _ version: TableVersion?, by peer: NodeID, _ turn: inout Turn
  ) {
    guard var pending = explanations.all[number], pending.peer == peer else { return }
    explanations.all[number] = nil
    pending.explanation.remote = reason.map { .dropped(reason: $0, version) } ?? .delivered(version)
    turn.emit(.answer(pending.request, .success(.explained(pending.explanation))))
  }

  mutating func endExplanations(_ turn: inout Turn) {
    for (number, pending) in explanations.all where pending.deadline <= turn.now {
      explanations.all[number] = nil
      var explanation = pending.explanation
      explanation.remote = .unanswered("\(directory.name(of: pending.peer)) did not answer in 3 s")
      turn.emit(.answer(pending.request, .success(.explained(explanation))))
    }
  }
}
