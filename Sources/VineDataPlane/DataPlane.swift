import Glibc
import Synchronization
import VineBase
import VineSession

/// The hot path of one VR, on a thread of its own: captures packets of the site's hosts, seals and sends them, opens
/// and checks what other VRs send, injects it, and passes on what is not for this VR.
///
/// Commands go down by `post`, events come up by `onEvent` on the data thread. The data thread owns every socket and
/// every transport key; nobody else touches them.
public final class DataPlane: Sendable {
  /// The longest control message: with session and relay headers it still fits one datagram.
  public static let controlByteCountMax =
    Limits.datagramMax - FrameSize.controlOverhead - FrameSize.relayOverhead - 8

  private enum Phase {
    case ready(any Worker), running(pthread_t), stopped
  }

  /// A worker on its way to its thread.
  private final class Start {
    let worker: any Worker
    init(_ worker: any Worker) { self.worker = worker }
  }

  private let mailbox: Mailbox
  private let phase: Mutex<Phase>
  /// What it works with on this machine.
  public let means: DataPlaneMeans

  /// Takes the port, the queue and the interface, in the network namespace of the calling thread. Nothing moves until
  /// `start`; a packet that comes meanwhile waits in its queue.
  public init(
    configuration: DataPlaneConfiguration, onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) throws(DataPlaneError) {
    do throws(SystemError) { mailbox = try Mailbox() } catch { throw .system("make an eventfd", error) }
    // The interface first: without the right to open a raw socket nothing else is worth a try.
    let injection = try LibnetInjection(
      interface: configuration.lanInterface, isUncut: configuration.usesOffloads && configuration.injection == .libnet)
    means = DataPlaneMeans(configuration, injection)
    let assembly = Assembly(configuration: configuration, mailbox: mailbox, onEvent: onEvent)
    phase = Mutex(.ready(try assembly.worker(injection)))
  }

  deinit { stop() }

  /// Starts the thread, once. It lives in the network namespace of the calling thread.
  public func start() {
    phase.withLock { phase in
      guard case .ready(let worker) = phase else { return }
      phase = .stopped
      let pointer = Unmanaged.passRetained(Start(worker)).toOpaque()
      var thread = pthread_t()
      let result = pthread_create(
        &thread, nil,
        { pointer in
          guard let pointer else { return nil }
          Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue().worker.run()
          return nil
        }, pointer)
      precondition(result == 0, "no thread for the data plane: \(SystemError(code: result))")
      phase = .running(thread)
    }
  }

  /// Ends the thread and gives back port, queue and interface; commands that still wait are not carried out. Not to be
  /// called on the data thread.
  public func stop() {
    let thread: pthread_t? = phase.withLock { phase in
      defer { phase = .stopped }
      if case .running(let thread) = phase { return thread }
      return nil
    }
    mailbox.close()
    if let thread { pthread_join(thread, nil) }
  }

  /// From any thread; the order of one thread's commands is kept.
  public func post(_ command: DataPlaneCommand) { mailbox.post(command) }
}

/// They may share a device, so they go to the thread together.
private struct Ways<Capture: PacketCapture, Injection: PacketInjection> {
  let capture: Capture
  let injection: Injection
}

/// Puts the ways of a configuration together.
private struct Assembly {
  let configuration: DataPlaneConfiguration
  let mailbox: Mailbox
  let onEvent: @Sendable (DataPlaneEvent) -> Void

  func worker(_ libnet: sending LibnetInjection) throws(DataPlaneError) -> sending any Worker {
    guard configuration.usesTun else { return try worker(Ways(capture: queue(), injection: libnet)) }
    let isUncut = configuration.usesOffloads
    let device = try TunDevice(
      name: DataPlaneConfiguration.tunName(for: configuration.queueNumber), isUncut: isUncut)
    let tun = TunInjection(device, own: libnet, isUncut: isUncut)
    return switch (configuration.capture, configuration.injection) {
    case (.nfqueue, _): try worker(Ways(capture: queue(), injection: tun))
    case (.tun, .libnet): try worker(Ways(capture: TunCapture(device), injection: libnet))
    case (.tun, .tun): try worker(Ways(capture: TunCapture(device), injection: tun))
    }
  }

  private func queue() throws(DataPlaneError) -> sending NetfilterCapture {
    try NetfilterCapture(queue: configuration.queueNumber, isUncut: configuration.usesOffloads)
  }

  private func worker<Capture: PacketCapture, Injection: PacketInjection>(
    _ ways: sending Ways<Capture, Injection>
  ) throws(DataPlaneError) -> sending any Worker {
    let loop: EventLoop
    do throws(SystemError) { loop = try EventLoop() } catch { throw .system("make an epoll instance", error) }
    let parts = try Parts(
      configuration, loop: loop, injection: ways.injection, at: MonotonicClock.now, onEvent: onEvent)
    return try DataThread(
      mailbox: mailbox, loop: loop, capture: ways.capture, parts: parts, coalesces: configuration.usesOffloads,
      onEvent: onEvent)
  }
}
