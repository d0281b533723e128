import CLinuxShim
import Glibc
import VineBase
import VineRelay

/// What runs on the data thread.
protocol Worker: AnyObject {
  /// Returns when the mailbox is closed.
  func run()
}

/// The data thread: waits, gives each part what is its own, and sends what they made. It decides nothing.
final class DataThread<Capture: PacketCapture, Injection: PacketInjection>: Worker {
  private let mailbox: Mailbox
  private let loop: EventLoop
  private let capture: Capture
  private let receiver: DatagramReceiver
  private let parts: Parts<Injection>
  private var nextTick: Instant
  private var nextReport: Instant
  private var nextRefresh: Instant
  private var lastReport: Instant
  private var precedence = Precedence(processorCount: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  private var lastDecision: Instant
  private let onEvent: @Sendable (DataPlaneEvent) -> Void

  /// Batches of one source before the others get their turn.
  private let batchesMax = 4

  init(
    mailbox: Mailbox, loop: EventLoop, capture: Capture, parts: consuming Parts<Injection>, coalesces: Bool,
    onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) throws(DataPlaneError) {
    self.onEvent = onEvent
    (self.mailbox, self.loop, self.capture) = (mailbox, loop, capture)
    receiver = DatagramReceiver(descriptor: parts.socket.raw, coalesces: coalesces)
    nextTick = MonotonicClock.now
    nextReport = nextTick + Limits.report
    lastReport = nextTick
    lastDecision = nextTick
    nextRefresh = nextTick
    do throws(SystemError) {
      try loop.watch(mailbox.descriptor, as: .mailbox)
      try loop.watch(capture.descriptor, as: .capture)
      try loop.watch(parts.socket.raw, as: .datagrams)
    } catch { throw .system("watch descriptors (epoll)", error) }
    self.parts = parts
  }

  func run() {
    vine_name_thread("vine-data")
    while !mailbox.isClosed {
      let pause = max(0, min((nextTick - MonotonicClock.now).inNanoseconds, Limits.tick.inNanoseconds))
      var now: Instant?
      loop.wait(milliseconds: Int32((pause + 999_999) / 1_000_000)) { source, readiness in
        let woken = now ?? MonotonicClock.now
        now = woken
        handle(source, readiness, at: woken)
      }
      let woken = now ?? MonotonicClock.now
      tick(at: woken)
      parts.transmitter.flush()
      parts.channels.flush()
      decidePrecedence(at: woken)
    }
  }

  /// Goes before other threads, or shares with them, from now on; see `Precedence`.
  private func decidePrecedence(at now: Instant) {
    precedence.turned()
    let passed = now - lastDecision
    guard passed >= Limits.precedence else { return }
    lastDecision = now
    let total = parts.counters.captured.bytes &+ parts.counters.received.bytes
    // Refused (no CAP_SYS_NICE): packets wait longer beside busy programs, and that is all.
    if precedence.decide(total: total, after: passed.inNanoseconds) { vine_go_first(precedence.isOn ? 1 : 0) }
  }

  private func handle(_ source: EventLoop.Source, _ readiness: EventLoop.Readiness, at now: Instant) {
    switch source {
    case .mailbox:
      for command in mailbox.takeAll() { parts.carryOut(command, at: now) }
      receiver.oneByOne(parts.trains.isExpecting)
    case .capture:
      for _ in 0..<batchesMax {
        let now = MonotonicClock.now
        parts.outbound.beginBatch(at: now)
        let count = capture.capture { parts.outbound.take($0, at: now) }
        // What leaves does not wait for the verdict on what came.
        parts.transmitter.flush()
        capture.release()
        if count < Limits.batch { return }
      }
    case .datagrams:
      for _ in 0..<batchesMax where receive(at: MonotonicClock.now) < DatagramReceiver.batch { break }
      parts.inbound.flush()
    case .listener: parts.channels.accept(at: now)
    case .channel(let number):
      let channel = ChannelID(rawValue: number)
      parts.channels.handle(channel, readiness) { parts.inbound.take($0, via: .channel(channel), at: now) }
      parts.inbound.flush()
      parts.relays.drain(at: now)
    }
  }

  private func receive(at now: Instant) -> Int {
    receiver.oneByOne(parts.trains.isExpecting)
    parts.inbound.beginBatch(at: now)
    return receiver.receive { frames, size, endpoint, stamp in
      parts.inbound.take(frames, size: size, via: .datagram(endpoint), at: now, stamp: stamp)
    }
  }

  private func tick(at now: Instant) {
    guard now >= nextTick else { return }
    nextTick = now + Limits.tick
    parts.peers.promote(at: now)
    parts.channels.expire(at: now)
    parts.waiting.expire(at: now)
    parts.trains.expire(at: now)
    parts.dialBacks.sweep(at: now)
    parts.relays.drain(at: now)
    if now >= nextRefresh {
      parts.refresh()
      nextRefresh = now + Limits.refresh
    }
    guard now >= nextReport else { return }
    let busy = parts.peers.takeBusy()
    // After a pause the first packet is told at the next tick.
    guard !busy.isEmpty else { return }
    let since = lastReport
    (lastReport, nextReport) = (now, now + Limits.report)
    onEvent(.traffic(busy, within: now - since))
  }
}
