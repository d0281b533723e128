import VineBase

/// A VR that a limited-VR could take as its queue-VR.
public struct QueueCandidate: Hashable, Sendable {
  /// Nil for a bootstrap endpoint: who answers there is not known yet.
  public let node: NodeID?
  public let endpoint: Endpoint

  public init(node: NodeID?, endpoint: Endpoint) {
    self.node = node
    self.endpoint = endpoint
  }
}
