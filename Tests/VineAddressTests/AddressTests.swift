import Testing
import VineAddress
import VineBase

private func block(_ text: String) throws -> Block { try #require(Block(text)) }
private func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }

@Suite struct BlockTests {
  @Test(arguments: ["172.16.0.0/12", "0.0.0.0/0", "172.16.0.1/32", "10.116.0.0/14"])
  func `a block reads what it prints`(text: String) { #expect(Block(text)?.description == text) }

  @Test(arguments: [
    "", "172.16.0.0", "172.16.0.1/24", "172.16.0.0/33", "172.16.0.0/-1", "172.16.0.0/", "a/8", "1.2.3.4/+2",
  ])
  func `what is no block is refused`(text: String) { #expect(Block(text) == nil) }

  @Test func `the gateway is the paper's first address`() throws {
    let uf = try block("172.16.0.0/24")
    #expect(uf.gateway.description == "172.16.0.1")
    #expect(uf.broadcast.description == "172.16.0.255")
    #expect(uf.hostRange?.description == "172.16.0.2-172.16.0.254")
  }

  @Test func `a block has room for its hosts and three addresses more`() {
    #expect(Block.prefixLength(forHosts: 253) == 24)
    #expect(Block.prefixLength(forHosts: 254) == 23)
    #expect(Block.prefixLength(forHosts: 1) == 30)
    #expect(Block.prefixLength(forHosts: 0) == nil)
    #expect(Block.prefixLength(forHosts: Int.max) == nil)
  }

  @Test func `halves cover a block and do not overlap`() throws {
    let whole = try block("172.16.0.0/12")
    let (low, high) = try #require(whole.halves)
    #expect(low.description == "172.16.0.0/13" && high.description == "172.24.0.0/13")
    #expect(!low.overlaps(high) && whole.contains(low) && whole.contains(high))
    #expect(try block("1.2.3.4/32").halves == nil)
  }
}

@Suite struct AddressSetTests {
  @Test func `ranges that touch become one`() throws {
    let set = AddressSet(addresses: try ["172.16.0.3", "172.16.0.2", "172.16.0.9"].map(address))
    #expect(set.ranges.map(\.description) == ["172.16.0.2-172.16.0.3", "172.16.0.9"])
  }

  @Test func `the last address of all does not overflow`() throws {
    var set = AddressSet([AddressRange(try address("255.255.255.255"))])
    set.insert(try address("255.255.255.254"))
    #expect(set.count == 2 && set.ranges.count == 1)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `sets agree with a set of numbers`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    func some() -> (AddressSet, Set<UInt32>) {
      var (set, oracle) = (AddressSet(), Set<UInt32>())
      for _ in 0..<12 {
        let first = UInt32(random.below(60))
        let range = AddressRange(
          first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: first + UInt32(random.below(6))))
        let numbers = range.first.rawValue...range.last.rawValue
        if random.below(4) == 0 {
          set.remove(range)
          oracle.subtract(numbers)
        } else {
          set.insert(range)
          oracle.formUnion(numbers)
        }
      }
      return (set, oracle)
    }
    let (left, leftNumbers) = some()
    let (right, rightNumbers) = some()
    for number in UInt32(0)..<70 {
      let address = IPv4Address(rawValue: number)
      #expect(left.contains(address) == leftNumbers.contains(number))
      #expect(left.union(right).contains(address) == leftNumbers.union(rightNumbers).contains(number))
      #expect(left.intersection(right).contains(address) == leftNumbers.intersection(rightNumbers).contains(number))
      #expect(left.subtracting(right).contains(address) == leftNumbers.subtracting(rightNumbers).contains(number))
    }
    #expect(left.count == UInt64(leftNumbers.count))
    // Equal sets are equal values, however they came about.
    #expect(left.subtracting(right).union(left.intersection(right)) == left)
  }
}

@Suite struct RangeClaimsTests {
  @Test func `what two claim is nobody's until one of them gives it up`() throws {
    let (first, second) = (node(1), node(2))
    var claims = RangeClaims()
    let large = AddressSet([try block("172.16.0.0/24").range])
    let small = AddressSet([try block("172.16.0.64/26").range])
    claims.replace(AddressSet(), by: large, of: first)
    claims.replace(AddressSet(), by: small, of: second)
    #expect(claims.entries.map(\.range.description) == ["172.16.0.0-172.16.0.63", "172.16.0.128-172.16.0.255"])
    let inBoth = try #require(IPv4Address("172.16.0.70"))
    #expect(claims.disputed == small && claims.owner(of: inBoth) == nil)
    claims.replace(large, by: AddressSet(), of: first)
    #expect(claims.entries.map(\.owner) == [second] && claims.disputed.isEmpty)
  }

  @Test func `the last address of all is an address like others`() {
    let everything = AddressRange(first: IPv4Address(rawValue: 0), last: IPv4Address(rawValue: .max))
    let last = AddressSet([AddressRange(everything.last)])
    var claims = RangeClaims()
    claims.replace(AddressSet(), by: AddressSet([everything]), of: node(1))
    claims.replace(AddressSet(), by: last, of: node(2))
    #expect(claims.count == 1 && claims.disputed == last)
    claims.replace(last, by: AddressSet(), of: node(2))
    #expect(claims.entries.map(\.range) == [everything])
  }

  /// Owners change what they claim, again and again; an array of sets, one an address, is the oracle.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func `any sequence of changes gives what the claims alone give`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let owners = (1...4).map { node($0) }
    var (claims, held) = (RangeClaims(), [NodeID: AddressSet]())
    for _ in 0..<60 {
      let owner = owners[random.int(in: 0..<4)]
      var wanted = AddressSet()
      for _ in 0..<random.int(in: 0..<5) {
        let first = UInt32(random.below(56))
        wanted.insert(
          AddressRange(
            first: IPv4Address(rawValue: first), last: IPv4Address(rawValue: first + UInt32(random.below(8)))))
      }
      claims.replace(held[owner] ?? AddressSet(), by: wanted, of: owner)
      held[owner] = wanted
      for number in UInt32(0)..<66 {
        let address = IPv4Address(rawValue: number)
        let claiming = owners.filter { held[$0]?.contains(address) ?? false }
        #expect(claims.owner(of: address) == (claiming.count == 1 ? claiming[0] : nil))
        #expect(claims.disputed.contains(address) == (claiming.count > 1))
      }
      let entries = claims.entries
      #expect(claims.count == entries.count)
      for (left, right) in zip(entries, entries.dropFirst()) {
        #expect(left.range.last < right.range.first)
        #expect(left.owner != right.owner || left.range.last.rawValue + 1 < right.range.first.rawValue)
      }
      // The same claims in another order, and by no detour.
      var anew = RangeClaims()
      for owner in random.shuffled(owners) { anew.replace(AddressSet(), by: held[owner] ?? AddressSet(), of: owner) }
      #expect(anew.entries == entries && anew.digest == claims.digest)
    }
  }

  private func node(_ byte: UInt8) -> NodeID {
    guard let node = NodeID([UInt8](repeating: byte, count: 32)) else { preconditionFailure("32 bytes are a node") }
    return node
  }
}
