import VineAddress
import VineBase

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

extension PBAddressRange {
  init(_ range: AddressRange) {
    first = range.first.rawValue
    last = range.last.rawValue
  }
}

extension AddressSet {
  /// Only the form that `ranges` has is accepted, so that one set has one encoding.
  init(wire: [PBAddressRange]) throws(WireError) {
    var ranges: [AddressRange] = []
    for range in wire {
      if let last = ranges.last?.last.rawValue {
        guard last < .max, range.first > last + 1 else { throw .invalid("order of address ranges") }
      }
      guard range.first <= range.last else { throw .invalid("address range") }
      ranges.append(
        AddressRange(first: IPv4Address(rawValue: range.first), last: IPv4Address(rawValue: range.last)))
    }
    self.init(ranges)
  }
}
