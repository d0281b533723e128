import VineBase

/// A second VR of a site, which may send what the first one's hosts send, and while it stands in gets what is for them.
public struct Second: Hashable, Sendable {
  public let first, node: NodeID
  public let standsIn: Bool

  public init(of first: NodeID, node: NodeID, standsIn: Bool) {
    (self.first, self.node, self.standsIn) = (first, node, standsIn)
  }
}
