import VineBase

/// What becomes of a packet. Plain data: making one costs nothing.
public enum Decision: Hashable, Sendable {
  /// To the VR at `peer` of the table's `nodes`, in this ViNe.
  case tunnel(network: UInt32, peer: UInt32)
  /// To a host of this site.
  case deliver(network: UInt32)
  case drop(DropReason)
}

/// One step of a decision, for `explain`.
public enum TraceStep: Hashable, Sendable {
  case space(destination: IPv4Address, isVirtual: Bool)
  case gateway(IPv4Address)
  case lndt(host: IPv4Address, networks: [NetworkID])
  case gndt(NetworkID, destination: IPv4Address, node: NodeID?)
  case source(IPv4Address, belongsTo: NodeID?, sentBy: NodeID)
  /// A second VR speaks for the first one of its site.
  case standsIn(NodeID, for: NodeID)
  /// By the site's own policy.
  case refusedVine(NetworkID)
  case refusedSite(NodeID)
}

/// Takes the steps of a decision. The hot path's takes nothing and costs nothing.
protocol TraceSink {
  mutating func add(_ step: @autoclosure () -> TraceStep)
}

struct NoTrace: TraceSink {
  @inline(__always) mutating func add(_ step: @autoclosure () -> TraceStep) {}
}

struct Trace: TraceSink {
  var steps: [TraceStep] = []
  mutating func add(_ step: @autoclosure () -> TraceStep) { steps.append(step()) }
}
