import VineBase

/// A network address translator in the words of RFC 4787, sections 4.1 and 5.
public struct NAT: Sendable {
  public enum Dependence: UInt8, CaseIterable, Sendable {
    case endpointIndependent, addressDependent, addressAndPortDependent
  }

  /// How a NAT maps and filters.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    public let mapping, filtering: Dependence

    public init(mapping: Dependence, filtering: Dependence) { (self.mapping, self.filtering) = (mapping, filtering) }

    /// All nine, from the most to the least open.
    public static let all = Dependence.allCases.flatMap { mapping in
      Dependence.allCases.map { Kind(mapping: mapping, filtering: $0) }
    }

    /// The words of RFC 3489, for people: a cone maps alike for everybody, and filters.
    public var description: String {
      let filter =
        switch filtering {
        case .endpointIndependent: "full"
        case .addressDependent: "address-restricted"
        case .addressAndPortDependent: "port-restricted"
        }
      return switch mapping {
      case .endpointIndependent: "\(filter) cone"
      case .addressDependent: "\(filter) symmetric by address"
      case .addressAndPortDependent: "\(filter) symmetric"
      }
    }

    /// Whether two VRs behind such NATs can reach each other without guessing ports: each writes to the endpoint that
    /// third parties see the other at, and answers to where it is written from.
    public func admits(_ other: Kind) -> Bool { lets(other) || other.lets(self) }

    /// The other's probes get in, although this NAT's VR wrote to the endpoint that third parties see the other at.
    private func lets(_ other: Kind) -> Bool {
      guard mapping == .endpointIndependent else { return false }
      return switch filtering {
      case .endpointIndependent, .addressDependent: true
      case .addressAndPortDependent: other.mapping == .endpointIndependent
      }
    }
  }

  private struct Key: Hashable, Comparable, Sendable {
    let inner: Endpoint
    let outer: Endpoint?
    static func < (left: Self, right: Self) -> Bool {
      left.inner != right.inner ? less(left.inner, right.inner) : less(left.outer, right.outer)
    }
    private static func less(_ left: Endpoint?, _ right: Endpoint?) -> Bool {
      guard let left, let right else { return left == nil && right != nil }
      return (left.address.rawValue, left.port) < (right.address.rawValue, right.port)
    }
  }

  private struct Mapping: Sendable {
    let inner: Endpoint
    let port: UInt16
    var used: Int64
    /// Whom the inner side has written to.
    var contacts: [Endpoint]
  }

  public let mapping, filtering: Dependence
  /// A mapping that nobody uses from the inside for this long is gone (RFC 4787 REQ-5 wants two minutes at least;
  /// many have less).
  public let expiry: Duration
  public let address: IPv4Address
  private var mappings: SortedMap<Key, Mapping> = [:]
  private var ports: SortedMap<UInt16, Key> = [:]
  private var nextPort: UInt16 = 20_000
  static let contactsMax = 256

  public init(mapping: Dependence, filtering: Dependence, expiry: Duration, address: IPv4Address) {
    (self.mapping, self.filtering, self.expiry, self.address) = (mapping, filtering, expiry, address)
  }

  /// A datagram goes out. - Returns: the source that the other side sees.
  public mutating func outbound(from inner: Endpoint, to outer: Endpoint, at now: Int64) -> Endpoint {
    let key = key(inner, outer)
    if let known = mappings[key], now - known.used > expiry.inNanoseconds { remove(key, known) }
    if mappings[key] == nil {
      repeat { nextPort = nextPort == .max ? 20_000 : nextPort + 1 } while ports[nextPort] != nil
      mappings[key] = Mapping(inner: inner, port: nextPort, used: now, contacts: [])
      ports[nextPort] = key
    }
    let port = mappings.update(key) { mapping in
      mapping.used = now
      if !mapping.contacts.contains(outer) {
        if mapping.contacts.count >= Self.contactsMax { mapping.contacts.removeFirst() }
        mapping.contacts.append(outer)
      }
      return mapping.port
    }
    return Endpoint(address: address, port: port ?? 0)
  }

  /// A datagram comes in. - Returns: the inner endpoint it goes to, or nil if it is filtered.
  public mutating func inbound(from outer: Endpoint, toPort port: UInt16, at now: Int64) -> Endpoint? {
    guard let key = ports[port], let mapping = mappings[key] else { return nil }
    guard now - mapping.used <= expiry.inNanoseconds else {
      remove(key, mapping)
      return nil
    }
    let mayPass =
      switch filtering {
      case .endpointIndependent: true
      case .addressDependent: mapping.contacts.contains { $0.address == outer.address }
      case .addressAndPortDependent: mapping.contacts.contains(outer)
      }
    return mayPass ? mapping.inner : nil
  }

  /// It restarts and forgets everything.
  public mutating func flush() {
    mappings = [:]
    ports = [:]
    nextPort = nextPort &+ 977
    if nextPort < 20_000 { nextPort = 20_000 }
  }

  private func key(_ inner: Endpoint, _ outer: Endpoint) -> Key {
    switch mapping {
    case .endpointIndependent: Key(inner: inner, outer: nil)
    case .addressDependent: Key(inner: inner, outer: Endpoint(address: outer.address, port: 0))
    case .addressAndPortDependent: Key(inner: inner, outer: outer)
    }
  }

  private mutating func remove(_ key: Key, _ mapping: Mapping) {
    mappings[key] = nil
    ports[mapping.port] = nil
  }
}
