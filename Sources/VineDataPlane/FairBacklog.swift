import VineBase

/// Records that wait because a channel takes no more at present: each flow has its turn.
///
/// Deficit round robin over flows, new ones first, as FQ-CoDel does (RFC 8290, 4.2): a ping or a login does not wait
/// behind a bulk transfer. When it is full, the flow that holds most loses its oldest record (RFC 8290, 4.1.3), which
/// tells a TCP sender soonest. Records of one flow stay in order. Nothing is allocated for a record.
struct FairBacklog: ~Copyable {
  /// Flows are told apart by a hash into this many; the first is for control messages alone.
  static let flowCount = 64
  /// Bytes a flow may send when it is its turn: one full record.
  static let quantum = 1514
  /// Records at most, however small.
  static let slotCount = 1024

  private struct Flow {
    var first: UInt16 = none
    var last: UInt16 = none
    var bytes = 0
    var deficit = 0
    /// The flow behind it in the list it is in.
    var next = UInt8.max
    var isListed = false
  }

  /// Flows in the order of their turns.
  private struct List {
    private(set) var first = UInt8.max
    private var last = UInt8.max
    var isEmpty: Bool { first == .max }

    mutating func append(_ number: UInt8, _ flows: UnsafeMutablePointer<Flow>) {
      flows[Int(number)].isListed = true
      flows[Int(number)].next = .max
      if isEmpty { first = number } else { flows[Int(last)].next = number }
      last = number
    }

    mutating func removeFirst(_ flows: UnsafeMutablePointer<Flow>) {
      let number = Int(first)
      flows[number].isListed = false
      first = flows[number].next
      if isEmpty { last = .max }
    }
  }

  private static let none = UInt16.max

  private let limit: Int
  private let memory: UnsafeMutableRawPointer
  private let lengths: UnsafeMutablePointer<UInt16>
  /// The record behind each one in its flow, or the next free slot.
  private let following: UnsafeMutablePointer<UInt16>
  private let flows: UnsafeMutablePointer<Flow>
  private var free: UInt16
  private var fresh = List()
  private var old = List()
  private(set) var bytes = 0
  private(set) var count = 0

  /// - Parameter limit: bytes of all records.
  init(limit: Int) {
    self.limit = limit
    // Pages of slots that were never used cost nothing.
    memory = .allocate(byteCount: Self.slotCount * Limits.slot, alignment: 4096)
    lengths = .allocate(capacity: Self.slotCount)
    following = .allocate(capacity: Self.slotCount)
    flows = .allocate(capacity: Self.flowCount)
    flows.initialize(repeating: Flow(), count: Self.flowCount)
    for slot in 0..<Self.slotCount {
      following[slot] = slot + 1 < Self.slotCount ? UInt16(slot + 1) : Self.none
      lengths[slot] = 0
    }
    free = 0
  }

  deinit {
    memory.deallocate()
    lengths.deallocate()
    following.deallocate()
    flows.deallocate()
  }

  var isEmpty: Bool { count == 0 }

  /// Takes a record in.
  /// - Parameter flow: any number; 0 is that of control messages.
  /// - Returns: how many records were dropped for it, itself perhaps.
  mutating func append(_ record: UnsafeRawBufferPointer, flow: UInt32) -> Int {
    guard record.count <= Limits.slot, record.count <= limit, !record.isEmpty else { return 1 }
    var dropped = 0
    while free == Self.none || bytes + record.count > limit {
      dropFromFattest()
      dropped += 1
    }
    let slot = free
    free = following[Int(slot)]
    following[Int(slot)] = Self.none
    lengths[Int(slot)] = UInt16(record.count)
    place(of: slot).copyMemory(from: record)
    let number = flow == 0 ? 0 : 1 + Int(flow % UInt32(Self.flowCount - 1))
    if flows[number].first == Self.none {
      flows[number].first = slot
    } else {
      following[Int(flows[number].last)] = slot
    }
    flows[number].last = slot
    flows[number].bytes += record.count
    bytes += record.count
    count += 1
    if !flows[number].isListed {
      flows[number].deficit = Self.quantum
      fresh.append(UInt8(number), flows)
    }
    return dropped
  }

  /// Hands out the record whose turn it is.
  /// - Returns: false if there is none.
  mutating func take(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
    while true {
      let isFresh = !fresh.isEmpty
      guard isFresh || !old.isEmpty else { return false }
      let number = isFresh ? fresh.first : old.first
      let flow = Int(number)
      if flows[flow].first == Self.none {
        // A flow that ran empty goes behind the old ones once, so that it does not become new again at once.
        if isFresh { fresh.removeFirst(flows) } else { old.removeFirst(flows) }
        if isFresh, !old.isEmpty { old.append(number, flows) }
        continue
      }
      guard flows[flow].deficit > 0 else {
        flows[flow].deficit += Self.quantum
        if isFresh { fresh.removeFirst(flows) } else { old.removeFirst(flows) }
        old.append(number, flows)
        continue
      }
      let slot = flows[flow].first
      flows[flow].deficit -= Int(lengths[Int(slot)])
      body(UnsafeRawBufferPointer(rebasing: place(of: slot)[..<Int(lengths[Int(slot)])]))
      removeRecord(of: flow)
      return true
    }
  }

  private func place(of slot: UInt16) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: memory + Int(slot) * Limits.slot, count: Limits.slot)
  }

  private mutating func dropFromFattest() {
    var fattest = 0
    for number in 1..<Self.flowCount where flows[number].bytes > flows[fattest].bytes { fattest = number }
    removeRecord(of: fattest)
  }

  /// Its oldest record.
  private mutating func removeRecord(of flow: Int) {
    let slot = flows[flow].first
    precondition(slot != Self.none, "a record of a flow that has none")
    let length = Int(lengths[Int(slot)])
    flows[flow].first = following[Int(slot)]
    if flows[flow].first == Self.none { flows[flow].last = Self.none }
    flows[flow].bytes -= length
    bytes -= length
    count -= 1
    following[Int(slot)] = free
    free = slot
  }
}
