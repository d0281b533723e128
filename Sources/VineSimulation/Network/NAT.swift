import VineBase

/// A network address translator in the words of RFC 4787, sections 4.1 and 5.
public struct NAT: Sendable {
  public enum Dependence: UInt8, CaseIterable, Sendable {
    case endpointIndependent, addressDependent, addressAndPortDependent
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
