import VineBase

/// Whether other VRs can send to this VR first (ViNe 3.4).
public enum Role: UInt8, CaseIterable, Hashable, Sendable {
  /// Nobody has tried yet.
  case unknown = 0
  /// A datagram from anywhere reaches it.
  case `public` = 1
  /// Behind NAT or a firewall: it needs a queue-VR.
  case limited = 2
}

/// Why a VR holds itself for public or limited.
public struct Evidence: Hashable, Sendable {
  public enum Ground: Hashable, Sendable {
    /// The operator says so.
    case declared([Endpoint])
    /// A dial-back from `by` arrived at `at`.
    case dialBack(by: NodeID, at: Endpoint)
    /// No dial-back arrived within `tries` seconds; `by` sees this VR as `seenAs`.
    case silence(tries: Int, by: NodeID, seenAs: Endpoint, isOwnAddress: Bool)
    /// A dial-back from `by` came to `at` by UDP and not by TCP: a NAT lets in what it takes for an answer.
    case datagramsOnly(by: NodeID, at: Endpoint)
    /// The operator took the declaration back and nothing else is known.
    case none
  }

  public let ground: Ground

  public init(_ ground: Ground) { self.ground = ground }

  /// One line for people.
  /// - Parameter name: what a VR is called, its site's name for instance.
  public func describe(_ name: (NodeID) -> String) -> String {
    switch ground {
    case .declared: "declared in configuration"
    case .dialBack(let peer, let endpoint): "dial-back from \(name(peer)) reached \(endpoint)"
    case .silence(let tries, let peer, let endpoint, let isOwnAddress):
      "no dial-back arrived in \(tries) s; \(name(peer)) sees us as \(endpoint), which is "
        + (isOwnAddress ? "our own address: a firewall keeps it out" : "none of our addresses")
    case .datagramsOnly(let peer, let endpoint):
      "dial-back from \(name(peer)) reached \(endpoint) by UDP and not by TCP: a NAT that forwards answers only"
    case .none: "nobody has tried to reach us yet"
    }
  }
}

extension Evidence: CustomStringConvertible {
  public var description: String { describe(\.description) }
}
