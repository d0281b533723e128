import Testing
import VineAddress
import VineBase

private func block(_ text: String) throws -> Block { try #require(Block(text)) }

@Suite struct OccupancyTests {
  @Test func `the first block is the lowest, the next its neighbour`() throws {
    var space = Occupancy(pool: .standardSpace)
    let first = try #require(space.best(prefixLength: 24))
    #expect(first.description == "172.16.0.0/24")
    space.insert(first)
    #expect(space.best(prefixLength: 24)?.description == "172.16.1.0/24")
  }

  @Test func `a small block goes where the least is broken up`() throws {
    let space = try Occupancy(pool: block("10.0.0.0/24"), held: [block("10.0.0.0/26"), block("10.0.0.128/27")])
    // Free: .64/26, .160/27, .192/26: the /27 fits best.
    #expect(space.best(prefixLength: 28)?.description == "10.0.0.160/28")
    #expect(space.freePieces.map(\.description) == ["10.0.0.64/26", "10.0.0.160/27", "10.0.0.192/26"])
    #expect(try space.largestFree == block("10.0.0.64/26") && space.freeCount == 160)
  }

  @Test func `a full pool has nothing`() throws {
    let pool = try block("10.0.0.0/24")
    let full = Occupancy(pool: pool, held: [pool])
    #expect(full.best(prefixLength: 30) == nil && full.freeCount == 0 && full.largestFree == nil)
    #expect(Occupancy(pool: pool).best(prefixLength: 20) == nil, "a pool holds nothing larger than itself")
  }

  @Test func `an address is free when the last holder that covers it goes`() throws {
    let pool = try block("10.0.0.0/24")
    let (reserve, inner) = try (block("10.0.0.0/25"), block("10.0.0.16/28"))
    var space = Occupancy(pool: pool)
    space.insert(inner)
    space.insert(reserve)
    space.insert(inner)
    space.remove(reserve)
    #expect(space.freeCount == 240 && !space.isFree(inner))
    #expect(space.holder(overlapping: reserve) == inner && space.uncovered(reserve).count == 3)
    space.remove(inner)
    #expect(space.overlaps(inner), "it was held twice")
    space.remove(inner)
    #expect(space == Occupancy(pool: pool))
  }

  @Test func `a holder larger than the pool holds all of it`() throws {
    let space = try Occupancy(pool: block("10.0.0.0/24"), held: [block("10.0.0.0/8"), block("11.0.0.0/24")])
    #expect(space.freeCount == 0 && space.held.map(\.description) == ["10.0.0.0/24"])
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `allocations agree with a map of single addresses`(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let pool = try block("10.0.0.0/25")
    var space = Occupancy(pool: pool)
    var map = AddressMap(pool: pool)
    var held: [Block] = []
    for _ in 0..<120 {
      switch random.below(5) {
      case 0, 1:
        guard let victim = random.element(of: held), let position = held.firstIndex(of: victim) else { continue }
        held.remove(at: position)
        space.remove(victim)
        map.count(victim, -1)
      case 2:
        // Whatever may overlap, as scoped blocks and reserves do.
        let address = IPv4Address(rawValue: pool.base.rawValue + UInt32(random.below(pool.addressCount)))
        let any = Block.holding(address, prefixLength: random.int(in: 26..<33))
        held.append(any)
        space.insert(any)
        map.count(any, 1)
      default:
        let length = random.int(in: 25..<33)
        let found = space.best(prefixLength: length)
        #expect(found == map.best(prefixLength: length))
        guard let found else { continue }
        #expect(space.isFree(found))
        held.append(found)
        space.insert(found)
        map.count(found, 1)
      }
      #expect(space.freeCount == map.freeCount && space.largestFree == map.largestFree)
      #expect(space.held == Array(Set(held)).sorted())
    }
    for block in held { space.remove(block) }
    #expect(space == Occupancy(pool: pool), "what is given back is whole again")
  }
}

/// The oracle: how often each address is covered, and every place is tried.
private struct AddressMap {
  let pool: Block
  private var covers: [Int]

  init(pool: Block) {
    self.pool = pool
    covers = Array(repeating: 0, count: Int(pool.addressCount))
  }

  mutating func count(_ block: Block, _ change: Int) { for place in places(of: block) { covers[place] += change } }

  var freeCount: UInt64 { UInt64(covers.count { $0 == 0 }) }

  func isFree(_ block: Block) -> Bool { places(of: block).allSatisfy { covers[$0] == 0 } }

  /// Of all free places of this size the one whose largest free surroundings are smallest, then the lowest.
  func best(prefixLength: Int) -> Block? {
    var best: (surrounding: Int, place: Block)?
    for place in blocks(prefixLength) where isFree(place) {
      let surrounding = (pool.prefixLength...prefixLength).first {
        isFree(Block.holding(place.base, prefixLength: $0))
      }
      if let surrounding, best.map({ surrounding > $0.surrounding }) ?? true { best = (surrounding, place) }
    }
    return best?.place
  }

  var largestFree: Block? {
    for length in pool.prefixLength...32 { if let found = blocks(length).first(where: isFree) { return found } }
    return nil
  }

  private func blocks(_ length: Int) -> [Block] {
    stride(from: pool.base.rawValue, through: pool.last.rawValue, by: 1 << (32 - length)).map {
      Block.holding(IPv4Address(rawValue: $0), prefixLength: length)
    }
  }

  private func places(of block: Block) -> Range<Int> {
    let first = Int(block.base.rawValue - pool.base.rawValue)
    return first..<(first + Int(block.addressCount))
  }
}
