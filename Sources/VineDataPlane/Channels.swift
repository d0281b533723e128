import CLinuxShim
import Glibc
import VineBase
import VineRouting

/// All TCP channels and the listener: who opened them, what waits in them, when they end.
final class Channels {
  private let loop: EventLoop
  private let listener: FileDescriptor
  private let limit: ByteCount
  private let acceptedMax: Int
  private let counters: Counters
  private let onEvent: @Sendable (DataPlaneEvent) -> Void
  /// Takes each record that may not have arrived when a channel ends, and the VR that opened the channel to this one; nil: this
  /// one opened it, or nobody showed a session.
  var onLost: ((UnsafeRawBufferPointer, NodeTag?) -> Void)?
  private var channels: [ChannelID: Channel] = [:]
  private var dirty: [Channel] = []
  /// Accepted channels have even numbers; dialled ones are numbered, oddly, by whoever orders them.
  private var nextAccepted: UInt64 = 2

  init(
    loop: EventLoop, configuration: DataPlaneConfiguration, counters: Counters,
    onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) throws(DataPlaneError) {
    (self.loop, self.counters) = (loop, counters)
    listener = try Sockets.listener(on: configuration.listen)
    (limit, acceptedMax) = (configuration.channelBufferLimit, configuration.acceptedChannelsMax)
    self.onEvent = onEvent
    do throws(SystemError) { try loop.watch(listener.raw, as: .listener) } catch { throw .system("watch", error) }
  }

  // MARK: Opening and closing

  func open(_ number: ChannelID, to remote: Endpoint, at now: Instant) {
    precondition(number.rawValue % 2 == 1, "channels that this VR opens have odd numbers")
    guard channels[number] == nil else { return }
    do throws(SystemError) {
      let socket = try FileDescriptor(socket(AF_INET, Sockets.stream, 0))
      tune(socket.raw)
      let result = sockaddr_in(remote).withSockaddr { connect(socket.raw, $0, $1) }
      if result != 0, SystemError.last != .inProgress { throw .last }
      try loop.watch(socket.raw, as: .channel(number.rawValue), writable: true)
      channels[number] = Channel(number, socket, remote: remote, isDialled: true, limit: limit, at: now)
    } catch {
      onEvent(.channelClosed(number, reason: "\(error)"))
    }
  }

  func close(_ number: ChannelID, reason: String) {
    guard let channel = channels.removeValue(forKey: number) else { return }
    // What was written for the other side's eyes, a refusal for example, still goes.
    if channel.state == .open { try? channel.flush() }
    lost(with: channel)
    onEvent(.channelClosed(number, reason: reason))
  }

  private func lost(with channel: Channel) {
    let opener = channel.isDialled ? nil : channel.peer
    let forgotten = channel.forEachLost { onLost?($0, opener) }
    counters.drop(.channelClosed, count: forgotten)
  }

  /// The listener is ready.
  func accept(at now: Instant) {
    while true {
      var address = sockaddr_in()
      guard let socket = try? FileDescriptor(vine_accept(listener.raw, &address)) else { return }
      guard makeRoom() else { continue }
      tune(socket.raw)
      let number = ChannelID(rawValue: nextAccepted)
      guard (try? loop.watch(socket.raw, as: .channel(number.rawValue))) != nil else { continue }
      nextAccepted += 2
      channels[number] = Channel(number, socket, remote: address.endpoint, isDialled: false, limit: limit, at: now)
      onEvent(.channelAccepted(number, from: address.endpoint))
    }
  }

  /// At the limit the oldest channel goes that has shown no session; if all have, the new one is closed again.
  private func makeRoom() -> Bool {
    let accepted = all.filter { !$0.isDialled }
    guard accepted.count >= acceptedMax else { return true }
    guard let stranger = accepted.first(where: { !$0.isAuthenticated }) else { return false }
    close(stranger.number, reason: "too many channels without a session")
    return true
  }

  /// Records go at once; and a peer that vanished is noticed although nothing is said.
  private func tune(_ descriptor: Int32) {
    _ = vine_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    // What is more than that waits here, where flows have their turn, and not in the kernel, where they have not.
    _ = vine_set_option(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, Limits.channelUnsent)
    // Milliseconds that sent bytes may stay unacknowledged.
    _ = vine_set_option(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 20_000)
  }

  // MARK: Bytes

  /// A channel's socket is ready. Records are handed to `body`.
  func handle(
    _ number: ChannelID, _ readiness: EventLoop.Readiness, _ body: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    guard let channel = channels[number] else { return }
    do throws(Channel.End) {
      if channel.state == .connecting {
        guard readiness.isWritable || readiness.isBroken else { return }
        do throws(SystemError) { try channel.connected() } catch { throw .system(error) }
        watch(channel, writable: false)
        onEvent(.channelOpened(number))
      } else if readiness.isWritable {
        flush(channel)
      }
      if readiness.isReadable || readiness.isBroken { try channel.read(body) }
    } catch { close(number, reason: error.reason) }
  }

  /// Puts a record into the channel's buffer; `flush` sends it.
  /// - Parameter flow: see `FairBacklog`.
  @inline(__always)
  func write(_ frame: UnsafeMutableRawBufferPointer, to number: ChannelID, flow: UInt32) -> DropReason? {
    guard let channel = channels[number], channel.state == .open else { return .noPath }
    // One of a flow that holds more than others goes; this frame itself only if its flow does.
    let dropped = channel.write(UnsafeRawBufferPointer(frame), flow: flow)
    if dropped > 0 { counters.drop(.queueOverflow, count: dropped) }
    if !channel.isDirty {
      channel.isDirty = true
      dirty.append(channel)
    }
    return nil
  }

  /// Sends what was written since the last time.
  func flush() {
    guard !dirty.isEmpty else { return }
    let written = dirty
    dirty.removeAll(keepingCapacity: true)
    for channel in written where !channel.isBlocked && channels[channel.number] != nil { flush(channel) }
  }

  private func flush(_ channel: Channel) {
    let wasBlocked = channel.isBlocked
    do throws(SystemError) { try channel.flush() } catch { return close(channel.number, reason: "\(error)") }
    if channel.isBlocked != wasBlocked { watch(channel, writable: channel.isBlocked) }
  }

  private func watch(_ channel: Channel, writable: Bool) {
    // The descriptor is watched already, so that only its events change: nothing there can fail.
    try? loop.watch(channel.socket.raw, as: .channel(channel.number.rawValue), writable: writable)
  }

  // MARK: Facts

  func remote(of number: ChannelID) -> Endpoint? { channels[number]?.remote }

  func isOpen(_ number: ChannelID) -> Bool { channels[number]?.state == .open }

  /// Bytes that still fit the channel's buffer.
  func room(of number: ChannelID) -> ByteCount { ByteCount(channels[number]?.room ?? 0) }

  /// Whether a frame came over a channel that this VR opened: then its sender is this VR's queue-VR.
  func isDialled(_ carrier: Carrier) -> Bool {
    guard case .channel(let number) = carrier else { return false }
    return number.rawValue % 2 == 1
  }

  /// A frame of a session with `peer` was opened that came over it.
  @inline(__always)
  func authenticated(_ number: ChannelID, by peer: NodeTag) { channels[number]?.peer = peer }

  /// Closes channels that nobody but a stranger can be behind, and connections that do not come about.
  func expire(at now: Instant) {
    for channel in all
    where !channel.isAuthenticated && now - channel.began >= Limits.unauthenticatedChannel {
      close(channel.number, reason: channel.state == .connecting ? "no answer" : "no session came about")
    }
  }

  /// Sorted by number.
  private var all: [Channel] { channels.keys.sorted().compactMap { channels[$0] } }

  var status: [ChannelStatus] {
    all.map { channel in
      ChannelStatus(
        channel: channel.number, remote: channel.remote, isDialled: channel.isDialled, isOpen: channel.state == .open,
        waiting: ByteCount(channel.waiting), sent: channel.sent, received: channel.received)
    }
  }
}
