import CLinuxShim
import Foundation
import VineBase
import VineLink

/// Carries frames between pairs of interfaces as `LinkQueue` says, one thread for all links.
final class Emulator {
  private let names: [String]
  /// Two for each link: from a to b, from b to a.
  private let directions: [Direction]
  private let epoll: Int32
  private let ready: UnsafeMutablePointer<vine_ready>

  init(_ configuration: Configuration, seed: UInt64) throws {
    for text in configuration.plain ?? [] { _ = try Place(text).inside { vine_plain_interface($0) } }
    names = configuration.links.map(\.name)
    epoll = vine_epoll_create()
    ready = .allocate(capacity: Int(VINE_READY_MAX))
    var directions: [Direction] = []
    var random = RandomSource(seed: seed)
    for link in configuration.links {
      let ends = try [link.a, link.b].map { text -> Int32 in
        let place = try Place(text)
        _ = try place.inside { vine_plain_interface($0) }
        return try place.inside { vine_packet_socket($0) }
      }
      for (source, target, text) in [(ends[0], ends[1], link.aToB), (ends[1], ends[0], link.bToA)] {
        let queue = LinkQueue(try LinkShape(text), random: RandomSource(seed: random.next()))
        vine_epoll_set(epoll, source, UInt32(EPOLLIN.rawValue), UInt64(directions.count))
        directions.append(Direction(from: source, to: target, queue))
      }
    }
    self.directions = directions
  }

  /// - Parameter reload: the links anew, when SIGHUP came; nil leaves all as it is.
  func run(atMost limit: Duration, reload: () -> [Configuration.Link]?) {
    let end = Self.now + limit
    while Self.now < end {
      switch vine_caught_signal() {
      case SIGTERM, SIGINT: return
      case SIGHUP: if let links = reload() { change(links) }
      default: break
      }
      let due = directions.compactMap(\.nextDue).min()
      let pause = due.map { max(0, $0 - Self.now.nanoseconds) } ?? 100_000_000
      let count = vine_epoll_wait_precisely(epoll, ready, min(pause, 100_000_000))
      let now = Self.now
      for position in 0..<Int(max(count, 0)) { directions[Int(ready[position].token)].receive(at: now) }
      for direction in directions { direction.send() }
    }
  }

  private func change(_ links: [Configuration.Link]) {
    for link in links {
      guard let index = names.firstIndex(of: link.name), let there = try? LinkShape(link.aToB),
        let back = try? LinkShape(link.bToA)
      else { continue }
      directions[2 * index].queue.change(to: there)
      directions[2 * index + 1].queue.change(to: back)
    }
  }

  static var now: Instant {
    var time = timespec()
    // tidy allows clock: this is the shell, LinkQueue takes an Instant
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  struct Report: Encodable {
    let name: String
    let packets, bytes, droppedByQueue, droppedByChance, droppedWhileDown, droppedByKernel: Int
    let latenessP50Us, latenessP99Us: Int
  }

  var report: [Report] {
    directions.enumerated().map { index, direction in
      let counters = direction.queue.counters
      return Report(
        name: "\(names[index / 2]) \(index % 2 == 0 ? "a to b" : "b to a")", packets: counters.packets,
        bytes: counters.bytes, droppedByQueue: counters.droppedByQueue, droppedByChance: counters.droppedByChance,
        droppedWhileDown: counters.droppedWhileDown,
        droppedByKernel: Int(vine_packet_drops(direction.source)) + direction.refused,
        latenessP50Us: direction.lateness(50), latenessP99Us: direction.lateness(99))
    }
  }
}

/// Frames that wait to come out at one end.
final class Direction {
  let source: Int32
  private let target: Int32
  var queue: LinkQueue
  /// Frames that the kernel did not take at the other end.
  private(set) var refused = 0

  private static let slot = 2048
  /// A power of two: 100 ms of full frames at a gigabit a second.
  private static let slots = 16_384
  private static let batch = 64
  private static let ethernetHeader = 14
  private let frames: UnsafeMutableRawPointer
  private let lengths: UnsafeMutablePointer<Int>
  private let dues: UnsafeMutablePointer<Int64>
  private var head = 0
  private var tail = 0
  private let incoming: Messages
  private let outgoing: Messages
  /// Frames by how late they left, in tens of microseconds; the last counts all beyond.
  private var late = [Int](repeating: 0, count: 1001)

  init(from source: Int32, to target: Int32, _ queue: LinkQueue) {
    (self.source, self.target, self.queue) = (source, target, queue)
    frames = .allocate(byteCount: Self.slots * Self.slot, alignment: 64)
    lengths = .allocate(capacity: Self.slots)
    dues = .allocate(capacity: Self.slots)
    incoming = Messages(count: Self.batch, slot: Self.slot)
    outgoing = Messages(count: Self.batch, slot: 0)
  }

  var nextDue: Int64? { head == tail ? nil : dues[head & (Self.slots - 1)] }

  func receive(at now: Instant) {
    while true {
      let count = Int(vine_receive_messages(source, incoming.messages, UInt32(Self.batch)))
      guard count > 0 else { return }
      for position in 0..<count { take(incoming.bytes(position), at: now) }
      if count < Self.batch { return }
    }
  }

  private func take(_ frame: UnsafeRawBufferPointer, at now: Instant) {
    guard
      case .passes(let due, let isDoubled, let overtakes) = queue.take(
        max(0, frame.count - Self.ethernetHeader), at: now)
    else { return }
    for _ in 0..<(isDoubled ? 2 : 1) {
      if overtakes, due <= now {
        if Glibc.send(target, frame.baseAddress, frame.count, Int32(MSG_DONTWAIT)) < 0 { refused += 1 }
        continue
      }
      guard tail - head < Self.slots else {
        refused += 1
        return
      }
      let slot = tail & (Self.slots - 1)
      if let bytes = frame.baseAddress { (frames + slot * Self.slot).copyMemory(from: bytes, byteCount: frame.count) }
      (lengths[slot], dues[slot]) = (frame.count, due.nanoseconds)
      tail += 1
    }
  }

  /// Sends all that is due.
  func send() {
    while let due = nextDue {
      let now = Emulator.now.nanoseconds
      guard due <= now else { return }
      var count = 0
      while count < Self.batch, head + count < tail, dues[(head + count) & (Self.slots - 1)] <= now {
        let slot = (head + count) & (Self.slots - 1)
        outgoing.vectors[count] = iovec(iov_base: frames + slot * Self.slot, iov_len: lengths[slot])
        late[min(1000, Int((now - dues[slot]) / 10_000))] += 1
        count += 1
      }
      var sent = 0
      while sent < count {
        let result = Int(vine_send_messages(target, outgoing.messages + sent, UInt32(count - sent)))
        if result > 0 {
          sent += result
        } else {
          refused += 1
          sent += 1
        }
      }
      head += count
    }
  }

  /// Microseconds that so many per cent of the frames were at most late.
  func lateness(_ share: Int) -> Int {
    var left = late.reduce(0, +) * share / 100
    for (index, count) in late.enumerated() {
      left -= count
      if left < 0 { return (index + 1) * 10 }
    }
    return 0
  }
}

/// A batch of messages with a slot each; without slots whoever fills them sets the vectors.
final class Messages {
  let messages: UnsafeMutablePointer<vine_message>
  let vectors: UnsafeMutablePointer<iovec>
  private let slots: UnsafeMutableRawPointer
  private let slot: Int

  init(count: Int, slot: Int) {
    self.slot = slot
    slots = .allocate(byteCount: max(1, count * slot), alignment: 64)
    messages = .allocate(capacity: count)
    vectors = .allocate(capacity: count)
    messages.initialize(repeating: vine_message(), count: count)
    for position in 0..<count {
      (vectors + position).initialize(to: iovec(iov_base: slots + position * slot, iov_len: slot))
      messages[position].header.msg_iov = vectors + position
      messages[position].header.msg_iovlen = 1
    }
  }

  func bytes(_ position: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: slots + position * slot, count: min(slot, Int(messages[position].length)))
  }
}
