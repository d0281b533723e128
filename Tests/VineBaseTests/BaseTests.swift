import Testing
import VineBase

@Suite struct IdentifierTests {
  @Test func `a node identifier survives bytes and text`() throws {
    let bytes = (0..<32).map { UInt8($0 &* 7) }
    let node = try #require(NodeID(bytes))
    #expect(node.bytes == bytes)
    #expect(NodeID(text: node.text) == node)
    #expect(NodeID(bytes.dropLast()) == nil)
    #expect(NodeID(text: "not-base-32") == nil)
    #expect(node.tag.rawValue == 0x0007_0E15_1C23_2A31)
  }

  @Test func `node identifiers order as their bytes do`() throws {
    let low = try #require(NodeID([UInt8](repeating: 1, count: 32)))
    let high = try #require(NodeID([UInt8](repeating: 1, count: 31) + [2]))
    #expect(low < high && !(high < low))
  }
}

@Suite struct EndpointTests {
  @Test(arguments: ["0.0.0.0", "172.16.0.10", "255.255.255.255"])
  func `an address reads what it prints`(text: String) { #expect(IPv4Address(text)?.description == text) }

  @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "+1.2.3.4", "1.2.3.4 ", "a.b.c.d", "1..2.3"])
  func `what is no address is refused`(text: String) { #expect(IPv4Address(text) == nil) }

  @Test func `an endpoint without a port has the port of the paper`() {
    #expect(Endpoint("198.18.0.1")?.description == "198.18.0.1:2247")
  }

  @Test(arguments: ["198.18.0.1:", "198.18.0.1:0", "198.18.0.1:65536", "198.18.0.1:1:2", "198.18.0.1:+5", ":2247"])
  func `what is no endpoint is refused`(text: String) { #expect(Endpoint(text) == nil) }
}

@Suite struct TextCodingTests {
  @Test(arguments: 0..<40)
  func `base32 and hex give back every length`(count: Int) {
    var random = RandomSource(seed: UInt64(count))
    let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    #expect(Base32.decode(Base32.encode(bytes)) == bytes)
    #expect(Base32.decode(Base32.encode(bytes).uppercased()) == bytes)
    #expect(Hex.decode(Hex.encode(bytes)) == bytes)
  }

  @Test func `hexadecimal has sixteen digits in either case, and control characters are none`() {
    #expect(Hex.decode("0AfF") == [0x0A, 0xFF])
    for text in ["0", "0g", "\u{10}0", "\u{19}\u{19}", " 0"] { #expect(Hex.decode(text) == nil) }
  }

  @Test func `RFC 4648 vectors hold`() {
    #expect(Base32.encode(Array("foobar".utf8)) == "mzxw6ytboi")
    #expect(Base32.encode(Array("fooba".utf8)) == "mzxw6ytb")
  }

  @Test(arguments: ["a", "aa1", "ab", "mzxw6ytbo!"])
  func `base32 that no encoder wrote is refused`(text: String) { #expect(Base32.decode(text) == nil) }
}

@Suite struct ByteReaderTests {
  @Test func `fields come back in the order they were written`() throws {
    var writer = ByteWriter()
    writer.integer(UInt8(7))
    writer.integer(UInt32(0xDEAD_BEEF))
    writer.integer(Int64(-5))
    writer.append([1, 2, 3])
    var reader = ByteReader(writer.bytes)
    #expect(try reader.integer(UInt8.self) == 7)
    #expect(try reader.integer(UInt32.self) == 0xDEAD_BEEF)
    #expect(try reader.integer(Int64.self) == -5)
    #expect(try reader.bytes(2) == [1, 2])
    #expect(throws: ByteError.trailing(1)) { try reader.finish() }
    #expect(reader.rest() == [3])
    try reader.finish()
  }

  @Test func `reading past the end is an error that says how much was missing`() {
    var reader = ByteReader([1, 2])
    #expect(throws: ByteError.truncated(needed: 4, left: 2)) { try reader.integer(UInt32.self) }
    #expect(throws: ByteError.truncated(needed: 3, left: 2)) { try reader.bytes(3) }
    #expect(throws: ByteError.truncated(needed: -1, left: 2)) { try reader.bytes(-1) }
  }
}

@Suite struct CollectionTests {
  @Test func `a sorted map iterates by key and equals by content`() {
    var map: SortedMap<Int, String> = [3: "c", 1: "a"]
    map[2] = "b"
    #expect(map.map(\.0) == [1, 2, 3])
    map[4, default: ""] += "d"
    map[1] = nil
    #expect(map == [2: "b", 3: "c", 4: "d"])
    #expect(map.removeValue(forKey: 9) == nil)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a sorted map agrees with a dictionary`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var map = SortedMap<Int, Int>()
    var oracle: [Int: Int] = [:]
    for step in 0..<2000 {
      let key = random.int(in: 0..<100)
      if random.below(3) == 0 {
        #expect(map.removeValue(forKey: key) == oracle.removeValue(forKey: key))
      } else {
        map[key] = step
        oracle[key] = step
      }
    }
    #expect(map.keys == oracle.keys.sorted())
    for (key, value) in map { #expect(oracle[key] == value) }
  }

  @Test func `a full queue drops its oldest element and says which`() {
    var queue = BoundedQueue<Int>(capacity: 2)
    #expect(queue.append(1) == nil)
    #expect(queue.append(2) == nil)
    #expect(queue.append(3) == 1)
    #expect(queue.elements == [2, 3])
    #expect(queue.removeFirst() == 2)
    #expect(queue.removeFirst() == 3)
    #expect(queue.removeFirst() == nil)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `a bounded queue keeps the newest in order, however it is filled and emptied`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let capacity = random.int(in: 1..<9)
    var queue = BoundedQueue<Int>(capacity: capacity)
    var oracle: [Int] = []
    for step in 0..<200 {
      if random.below(3) == 0 {
        #expect(queue.removeFirst() == (oracle.isEmpty ? nil : oracle.removeFirst()))
      } else {
        #expect(queue.append(step) == (oracle.count == capacity ? oracle.removeFirst() : nil))
        oracle.append(step)
      }
      #expect(queue.elements == oracle)
      #expect(queue.count == oracle.count)
    }
  }
}

@Suite struct RandomSourceTests {
  @Test func `a seed gives the numbers it always gave`() {
    var random = RandomSource(seed: 42)
    #expect(
      (0..<3).map { _ in random.next() } == [
        1_546_998_764_402_558_742, 6_990_951_692_964_543_102, 12_544_586_762_248_559_009,
      ])
  }

  @Test func `numbers below a bound stay below it and reach every value`() {
    var random = RandomSource(seed: 1)
    var seen = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { seen[Int(random.below(7))] += 1 }
    #expect(seen.allSatisfy { (800...1200).contains($0) })
  }

  @Test func `a shuffle keeps every element`() {
    var random = RandomSource(seed: 3)
    #expect(random.shuffled(Array(0..<50)).sorted() == Array(0..<50))
    #expect(random.element(of: [Int]()) == nil)
  }
}

@Suite struct FNV1aTests {
  @Test func `the published vectors hold, and parts hash as their whole`() {
    #expect(FNV1a.hash([]) == 0xCBF2_9CE4_8422_2325)
    #expect(FNV1a.hash("a".utf8) == 0xAF63_DC4C_8601_EC8C)
    #expect(FNV1a.hash("foobar".utf8) == 0x8594_4171_F739_67E8)
    var parts = FNV1a()
    parts.append("foo".utf8)
    parts.append("bar".utf8)
    #expect(parts.value == FNV1a.hash("foobar".utf8))
  }
}

@Suite struct InstantTests {
  @Test func `instants and durations add up`() {
    let start = Instant(nanoseconds: 5)
    #expect((start + .milliseconds(3)) - start == .milliseconds(3))
    #expect(Duration.seconds(Int64.max).inNanoseconds == .max)
    #expect(Duration.milliseconds(1500).inSeconds == 1.5)
  }

  @Test func `the earlier wakeup wins`() {
    let early = Wakeup(at: Instant(nanoseconds: 1), reason: "early")
    let late = Wakeup(at: Instant(nanoseconds: 2), reason: "late")
    #expect(Wakeup.earliest(late, early) == early)
    #expect(Wakeup.earliest(nil, late) == late)
    #expect(Wakeup.earliest(nil, nil) == nil)
  }
}
