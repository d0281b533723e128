import VineBase

/// What the NAT in front of a VR does, in the words of RFC 4787, sections 4.1 and 5.
public struct NATBehaviour: Hashable, Sendable {
  public enum Mapping: Hashable, Sendable {
    /// Others see the VR's own endpoint: a firewall at most.
    case none
    /// Everybody sees the same endpoint.
    case endpointIndependent
    /// Two VRs see two endpoints: the mapping is address-dependent, or address and port-dependent.
    case endpointDependent
  }

  public enum Filtering: Hashable, Sendable {
    /// Anybody may answer.
    case endpointIndependent
    /// Any port of an address that the VR wrote to may.
    case addressDependent
    /// Only the endpoint that the VR wrote to may.
    case addressAndPortDependent
  }

  /// nil: too few VRs have said what they see.
  public fileprivate(set) var mapping: Mapping?
  public fileprivate(set) var filtering: Filtering?
  /// What public VRs see, newest first.
  public fileprivate(set) var observations: [DirectPaths.Observation] = []

  public init() {}

  /// Whether two such VRs reach each other once both knock. One that everybody sees at the same endpoint can be
  /// offered; the other may then be anywhere, if the first does not mind from which port it comes.
  public func admits(_ other: NATBehaviour) -> Bool {
    switch (isOffered, other.isOffered) {
    case (true, true): true
    case (true, false): filtering != .addressAndPortDependent
    case (false, true): other.filtering != .addressAndPortDependent
    case (false, false): false
    }
  }

  private var isOffered: Bool { mapping != .endpointDependent }
}

extension NATBehaviour: CustomStringConvertible {
  /// One line for people.
  public var description: String {
    let mapping =
      switch mapping {
      case nil: "mapping not known yet"
      case .some(.none): "no mapping"
      case .endpointIndependent: "endpoint-independent mapping"
      case .endpointDependent: "address- or port-dependent mapping"
      }
    let filtering =
      switch filtering {
      case nil: "filtering not known yet"
      case .endpointIndependent: "endpoint-independent filtering"
      case .addressDependent: "address-dependent filtering"
      case .addressAndPortDependent: "address and port-dependent filtering"
      }
    return "\(mapping), \(filtering)"
  }
}

/// Learns a limited VR's `NATBehaviour` from what public VRs see and from whom an answer gets through.
///
/// Once a public VR said how it sees this one, it is asked to have that endpoint written to from an address, and from a
/// port, that this VR has not written to (RFC 5780, 4.4, with VRs in place of a server of two addresses).
public struct NATClassifier: Sendable {
  public enum Input: Hashable, Sendable {
    case observed([DirectPaths.Observation], locals: [Endpoint])
    /// This VR wrote to that address, so its NAT may let it in.
    case wroteTo(IPv4Address)
    case dialBackArrived(nonce: [UInt8], from: Endpoint)
    case wakeup
  }

  public enum Effect: Hashable, Sendable {
    /// By UDP, to where the other VR was asked before: its own eyes vouch for the endpoint.
    case ask(NodeID, at: Endpoint, wanted: Endpoint, nonce: [UInt8], fromOtherAddress: Bool)
    case learned(NATBehaviour)
  }

  /// Both answers are waited for so long, asked for twice.
  public static let answerMax = Duration.seconds(1)
  private static let contactsMax = 256

  public private(set) var behaviour = NATBehaviour()
  private var random: RandomSource
  private var contacts: [IPv4Address] = []
  private var round: Round?

  private struct Round: Sendable {
    let asked: DirectPaths.Observation
    let byAddress: [UInt8]
    let byPort: [UInt8]
    var tries = 1
    var found: NATBehaviour.Filtering?
    var deadline: Instant
  }

  public init(random: RandomSource) { self.random = random }

  public var nextWakeup: Wakeup? { round.map { Wakeup(at: $0.deadline, reason: "NAT behaviour") } }

  public mutating func handle(_ input: Input, at now: Instant) -> [Effect] {
    switch input {
    case .observed(let observations, let locals): return observed(observations, locals, at: now)
    case .wroteTo(let address):
      guard !contacts.contains(address) else { return [] }
      if contacts.count >= Self.contactsMax { contacts.removeFirst() }
      contacts.append(address)
      return []
    case .dialBackArrived(let nonce, let from): return arrived(nonce, from)
    case .wakeup: return wakeup(at: now)
    }
  }

  private mutating func observed(
    _ observations: [DirectPaths.Observation], _ locals: [Endpoint], at now: Instant
  ) -> [Effect] {
    let before = behaviour
    behaviour.observations = observations
    if let newest = observations.first {
      if observations.allSatisfy({ locals.contains($0.seenAs) }) {
        behaviour.mapping = NATBehaviour.Mapping.none
      } else if let other = observations.dropFirst().first, other.by != newest.by {
        behaviour.mapping = other.seenAs == newest.seenAs ? .endpointIndependent : .endpointDependent
      }
    }
    var effects: [Effect] = behaviour == before ? [] : [.learned(behaviour)]
    if round == nil, let newest = observations.first, newest.seenAs != before.observations.first?.seenAs {
      let round = Round(asked: newest, byAddress: nonce(), byPort: nonce(), deadline: now + Self.answerMax)
      self.round = round
      effects += asks(round)
    }
    return effects
  }

  private func asks(_ round: Round) -> [Effect] {
    let asked = round.asked
    return [
      .ask(asked.by, at: asked.at, wanted: asked.seenAs, nonce: round.byAddress, fromOtherAddress: true),
      .ask(asked.by, at: asked.at, wanted: asked.seenAs, nonce: round.byPort, fromOtherAddress: false),
    ]
  }

  private mutating func arrived(_ nonce: [UInt8], _ from: Endpoint) -> [Effect] {
    guard var round else { return [] }
    if nonce == round.byAddress {
      // From an address that was written to before it proves no more than another port does.
      let isNew = !contacts.contains(from.address)
      round.found = isNew ? .endpointIndependent : round.found ?? .addressDependent
    } else if nonce == round.byPort {
      round.found = round.found ?? .addressDependent
    } else {
      return []
    }
    self.round = round
    return []
  }

  private mutating func wakeup(at now: Instant) -> [Effect] {
    guard var round, now >= round.deadline else { return [] }
    if round.found != .endpointIndependent, round.tries < 2 {
      round.tries += 1
      round.deadline = now + Self.answerMax
      self.round = round
      return asks(round)
    }
    self.round = nil
    let filtering = round.found ?? .addressAndPortDependent
    guard behaviour.filtering != filtering else { return [] }
    behaviour.filtering = filtering
    return [.learned(behaviour)]
  }

  private mutating func nonce() -> [UInt8] {
    (0..<Reachability.nonceByteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}
