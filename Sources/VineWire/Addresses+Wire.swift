import VineAddress
import VineBase
import VineRegistry

extension PBEndpoint {
  init(_ endpoint: Endpoint) {
    address = endpoint.address.rawValue
    port = UInt32(endpoint.port)
  }

  func endpoint() throws(WireError) -> Endpoint {
    guard let port = UInt16(exactly: port), port > 0 else { throw .invalid("port") }
    return Endpoint(address: IPv4Address(rawValue: address), port: port)
  }
}

extension PBBlock {
  init(_ block: Block) {
    base = block.base.rawValue
    prefixLength = UInt32(block.prefixLength)
  }

  func block() throws(WireError) -> Block {
    guard prefixLength <= 32,
      let block = Block(base: IPv4Address(rawValue: base), prefixLength: Int(prefixLength))
    else { throw .invalid("block") }
    return block
  }
}

extension PBScopedBlock {
  init(_ held: ScopedBlock) {
    block = PBBlock(held.block)
    if let network = held.scope { scope = network.rawValue }
  }

  func scopedBlock() throws(WireError) -> ScopedBlock {
    ScopedBlock(try block.block(), scope: scope == 0 ? nil : NetworkID(rawValue: scope))
  }
}

extension AddressSet {
  /// How many addresses are left out, then how many but one are in, and so on, beginning at 0.0.0.0.
  var runs: [UInt32] {
    var runs: [UInt32] = []
    runs.reserveCapacity(2 * ranges.count)
    // Behind the last address that is in; only the greatest of all has no such place, and nothing follows it.
    var next: UInt32 = 0
    for range in ranges {
      runs.append(range.first.rawValue - next)
      runs.append(range.last.rawValue - range.first.rawValue)
      next = range.last.rawValue &+ 1
    }
    return runs
  }

  /// Only what `runs` gives is accepted, so that one set has one encoding.
  init(runs: [UInt32]) throws(WireError) {
    guard runs.count.isMultiple(of: 2) else { throw .invalid("address ranges") }
    var ranges: [AddressRange] = []
    ranges.reserveCapacity(runs.count / 2)
    var next: UInt64 = 0
    for position in stride(from: 0, to: runs.count, by: 2) {
      guard runs[position] > 0 || position == 0 else { throw .invalid("address ranges") }
      let first = next + UInt64(runs[position])
      next = first + UInt64(runs[position + 1]) + 1
      guard next <= 1 << 32 else { throw .invalid("address ranges") }
      ranges.append(
        AddressRange(
          first: IPv4Address(rawValue: UInt32(first)), last: IPv4Address(rawValue: UInt32(next - 1))))
    }
    self.init(ranges)
  }
}
