import VineAddress
import VineBase

/// Everything a forwarding decision needs, compiled from LNDT and GNDTs into flat sorted arrays. Immutable: a
/// change makes a new table, and the data plane swaps them between packets.
///
/// Forwarding and `explain` are the same functions, generic over where the trace goes. A class, so that one reference
/// holds all of it.
public final class ForwardingTable: Sendable {
  /// VRs by the index that decisions give.
  public let nodes: [NodeID]
  public let ownNode: NodeID
  private let spaceFirst, spaceLast: UInt32
  private let gateways: [UInt32]
  /// Local hosts, sorted, with the slice of `hostNetworks` that is theirs.
  private let hosts: [UInt32]
  private let hostSlices: [(start: Int32, end: Int32)]
  private let hostNetworks: [UInt32]
  /// ViNes, sorted, with the slice of the range arrays that is theirs.
  private let networks: [UInt32]
  private let networkSlices: [(start: Int32, end: Int32)]
  private let rangeFirst, rangeLast, rangeNode: [UInt32]
  /// What the site's own policy refuses, by the indices of `nodes` and by V.Net.ID.
  private let refusesAny: Bool
  private let isRefused: [Bool]
  private let refusedNetworks: [UInt32]
  /// By the index of who owns an address: where its packets go, and who else may send them (`UInt32.max`: nobody).
  private let holder, second: [UInt32]

  /// - Parameters:
  ///   - gateways: the VR's own virtual addresses, one a block.
  ///   - gndts: those of the ViNes that this site takes part in.
  public init(
    space: Block, ownNode: NodeID, gateways: [IPv4Address], lndt: LNDT, gndts: [GNDT], refusing: Refusals = Refusals(),
    seconds: [Second] = []
  ) {
    (spaceFirst, spaceLast) = (space.base.rawValue, space.last.rawValue)
    self.ownNode = ownNode
    self.gateways = gateways.map(\.rawValue).sorted()
    var (hosts, slices, members): ([UInt32], [(Int32, Int32)], [UInt32]) = ([], [], [])
    for (host, networks) in lndt.hosts {
      hosts.append(host.rawValue)
      slices.append((Int32(members.count), Int32(members.count + networks.count)))
      members += networks.map(\.rawValue)
    }
    (self.hosts, hostSlices, hostNetworks) = (hosts, slices, members)
    let tables = gndts.sorted { $0.network < $1.network }.map { (network: $0.network, entries: $0.entries) }
    let owners = AnyOrderSet(tables.flatMap { $0.entries.map(\.owner) }).sorted
    let seconds = seconds.filter { Self.place(of: $0.first, in: owners) != nil }
    let nodes = seconds.isEmpty ? owners : AnyOrderSet(owners + seconds.map(\.node)).sorted
    self.nodes = nodes
    refusesAny = !refusing.isEmpty
    isRefused = nodes.map(refusing.nodes.contains)
    refusedNetworks = refusing.networks.map(\.rawValue)
    var (holder, second) = (nodes.indices.map { UInt32($0) }, nodes.map { _ in UInt32.max })
    for other in seconds {
      guard let first = Self.place(of: other.first, in: nodes), let place = Self.place(of: other.node, in: nodes) else {
        continue
      }
      second[first] = UInt32(place)
      // The first VR itself serves its hosts as long as it runs.
      if other.standsIn, other.first != ownNode { holder[first] = UInt32(place) }
    }
    (self.holder, self.second) = (holder, second)
    var (ids, parts): ([UInt32], [(Int32, Int32)]) = ([], [])
    var (firsts, lasts, indices): ([UInt32], [UInt32], [UInt32]) = ([], [], [])
    for table in tables {
      ids.append(table.network.rawValue)
      let start = Int32(firsts.count)
      for entry in table.entries {
        firsts.append(entry.range.first.rawValue)
        lasts.append(entry.range.last.rawValue)
        indices.append(UInt32(Self.firstIndex(in: nodes, notBelow: entry.owner)))
      }
      parts.append((start, Int32(firsts.count)))
    }
    (networks, networkSlices) = (ids, parts)
    (rangeFirst, rangeLast, rangeNode) = (firsts, lasts, indices)
  }

  /// ViNes that packets are forwarded in, sorted.
  public var vines: [NetworkID] { networks.map(NetworkID.init(rawValue:)) }
  /// Ranges of all of them together.
  public var entryCount: Int { rangeFirst.count }

  // MARK: The two decisions

  /// A packet that a local host sent (paper 3.6: the source is verified in the LNDT, whose entry points to the
  /// GNDT to route by). A host in several ViNes: the first whose GNDT has the destination.
  public func outbound(source: UInt32, destination: UInt32) -> Decision {
    var sink = NoTrace()
    return outbound(source, destination, &sink)
  }

  /// A packet that came from the VR at `peer` in this ViNe (paper 3.6: the destination VR verifies that the host
  /// is in its LNDT and part of the ViNe; here also that the source is the sender's to use).
  public func inbound(network: UInt32, source: UInt32, destination: UInt32, from peer: UInt32) -> Decision {
    var sink = NoTrace()
    return inbound(network, source, destination, peer, &sink)
  }

  public func explainOutbound(source: IPv4Address, destination: IPv4Address) -> (Decision, [TraceStep]) {
    var trace = Trace()
    let decision = outbound(source.rawValue, destination.rawValue, &trace)
    return (decision, trace.steps)
  }

  public func explainInbound(
    network: NetworkID, source: IPv4Address, destination: IPv4Address, from peer: UInt32
  ) -> (Decision, [TraceStep]) {
    var trace = Trace()
    let decision = inbound(network.rawValue, source.rawValue, destination.rawValue, peer, &trace)
    return (decision, trace.steps)
  }

  /// The index of a VR in `nodes`; nil if no table names it.
  public func index(of node: NodeID) -> UInt32? { Self.place(of: node, in: nodes).map { UInt32($0) } }

  @inline(__always)
  private func outbound<Sink: TraceSink>(_ source: UInt32, _ destination: UInt32, _ sink: inout Sink) -> Decision {
    let isVirtual = spaceFirst <= destination && destination <= spaceLast
    sink.add(.space(destination: IPv4Address(rawValue: destination), isVirtual: isVirtual))
    guard isVirtual else { return .drop(.notVirtualDestination) }
    if Self.contains(gateways, destination) {
      sink.add(.gateway(IPv4Address(rawValue: destination)))
      return .drop(.toVirtualRouter)
    }
    guard let members = membership(of: source, &sink) else { return .drop(.sourceNotInLNDT) }
    var reason = DropReason.noGNDTEntry
    for position in members.start..<members.end {
      let network = hostNetworks[Int(position)]
      if refuses(network: network, &sink) {
        reason = .sitePolicy
        continue
      }
      guard let owner = owner(of: destination, in: network) else {
        sink.add(.gndt(NetworkID(rawValue: network), destination: IPv4Address(rawValue: destination), node: nil))
        continue
      }
      sink.add(
        .gndt(NetworkID(rawValue: network), destination: IPv4Address(rawValue: destination), node: nodes[Int(owner)]))
      let peer = holder[Int(owner)]
      if peer != owner { sink.add(.standsIn(nodes[Int(peer)], for: nodes[Int(owner)])) }
      if nodes[Int(peer)] == ownNode { return .deliver(network: network) }
      if refuses(peer: owner, &sink) { return .drop(.sitePolicy) }
      return .tunnel(network: network, peer: peer)
    }
    return .drop(reason)
  }

  @inline(__always)
  private func inbound<Sink: TraceSink>(
    _ network: UInt32, _ source: UInt32, _ destination: UInt32, _ peer: UInt32, _ sink: inout Sink
  ) -> Decision {
    if Self.contains(gateways, destination) {
      sink.add(.gateway(IPv4Address(rawValue: destination)))
      return .drop(.toVirtualRouter)
    }
    guard let members = membership(of: destination, &sink) else { return .drop(.destinationNotInLNDT) }
    guard (members.start..<members.end).contains(where: { hostNetworks[Int($0)] == network }) else {
      return .drop(.wrongVine)
    }
    if refuses(network: network, &sink) { return .drop(.sitePolicy) }
    let owner = owner(of: source, in: network)
    sink.add(
      .source(
        IPv4Address(rawValue: source), belongsTo: owner.map { nodes[Int($0)] },
        sentBy: Int(peer) < nodes.count ? nodes[Int(peer)] : ownNode))
    guard let owner else { return .drop(.spoofedSource) }
    if owner != peer {
      guard second[Int(owner)] == peer, peer != .max else { return .drop(.spoofedSource) }
      sink.add(.standsIn(nodes[Int(peer)], for: nodes[Int(owner)]))
    }
    if refuses(peer: owner, &sink) { return .drop(.sitePolicy) }
    return .deliver(network: network)
  }

  // MARK: The site's policy

  @inline(__always)
  private func refuses<Sink: TraceSink>(network: UInt32, _ sink: inout Sink) -> Bool {
    guard refusesAny, Self.contains(refusedNetworks, network) else { return false }
    sink.add(.refusedVine(NetworkID(rawValue: network)))
    return true
  }

  @inline(__always)
  private func refuses<Sink: TraceSink>(peer: UInt32, _ sink: inout Sink) -> Bool {
    guard refusesAny, isRefused[Int(peer)] else { return false }
    sink.add(.refusedSite(nodes[Int(peer)]))
    return true
  }

  // MARK: Look-ups

  @inline(__always)
  private func membership<Sink: TraceSink>(of host: UInt32, _ sink: inout Sink) -> (start: Int32, end: Int32)? {
    let position = Self.firstIndex(in: hosts, notBelow: host)
    let slice = position < hosts.count && hosts[position] == host ? hostSlices[position] : nil
    sink.add(
      .lndt(
        host: IPv4Address(rawValue: host),
        networks: slice.map { hostNetworks[Int($0.start)..<Int($0.end)].map(NetworkID.init) } ?? []))
    return slice
  }

  @inline(__always)
  private func owner(of address: UInt32, in network: UInt32) -> UInt32? {
    let position = Self.firstIndex(in: networks, notBelow: network)
    guard position < networks.count, networks[position] == network else { return nil }
    var (low, high) = (Int(networkSlices[position].start), Int(networkSlices[position].end))
    let end = high
    while low < high {
      let middle = (low + high) / 2
      if rangeLast[middle] < address { low = middle + 1 } else { high = middle }
    }
    return low < end && rangeFirst[low] <= address ? rangeNode[low] : nil
  }

  @inline(__always)
  private static func contains(_ sorted: [UInt32], _ value: UInt32) -> Bool {
    let position = firstIndex(in: sorted, notBelow: value)
    return position < sorted.count && sorted[position] == value
  }

  private static func place(of node: NodeID, in sorted: [NodeID]) -> Int? {
    let position = firstIndex(in: sorted, notBelow: node)
    return position < sorted.count && sorted[position] == node ? position : nil
  }

  @inline(__always)
  private static func firstIndex<Value: Comparable>(in sorted: [Value], notBelow value: Value) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// The distinct elements in order.
private struct AnyOrderSet<Element: Comparable> {
  let sorted: [Element]
  init(_ elements: [Element]) {
    var distinct: [Element] = []
    for element in elements.sorted() where distinct.last != element { distinct.append(element) }
    sorted = distinct
  }
}
