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

  /// The largest virtual packet that reaches a peer in one piece; nil without a way.
  public static func innerMTU(by carrier: Carrier?) -> Int? {
    switch carrier {
    case .relayed?: Limits.innerRelayed
    case .channel?: Limits.innerChannel
    case .datagram?: Limits.innerDirect
    case nil: nil
    }
  }

  private typealias Worker = DataThread<NetfilterCapture, LibnetInjection>

  private enum Phase {
    case ready(Worker), running(pthread_t), stopped
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
    let injection = try LibnetInjection(interface: configuration.lanInterface)
    means = DataPlaneMeans(configuration, injection)
    phase = Mutex(.ready(try Self.worker(configuration, injection, mailbox, onEvent)))
  }

  deinit { stop() }

  /// Starts the thread, once. It lives in the network namespace of the calling thread.
  public func start() {
    phase.withLock { phase in
      guard case .ready(let worker) = phase else { return }
      phase = .stopped
      let pointer = Unmanaged.passRetained(worker).toOpaque()
      var thread = pthread_t()
      let result = pthread_create(
        &thread, nil,
        { pointer in
          guard let pointer else { return nil }
          Unmanaged<DataThread<NetfilterCapture, LibnetInjection>>.fromOpaque(pointer).takeRetainedValue().run()
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

  private static func worker(
    _ configuration: DataPlaneConfiguration, _ injection: sending LibnetInjection, _ mailbox: Mailbox,
    _ onEvent: @escaping @Sendable (DataPlaneEvent) -> Void
  ) throws(DataPlaneError) -> sending Worker {
    let loop: EventLoop
    do throws(SystemError) { loop = try EventLoop() } catch { throw .system("make an epoll instance", error) }
    let parts = try Parts(configuration, loop: loop, injection: injection, at: MonotonicClock.now, onEvent: onEvent)
    let capture = try NetfilterCapture(queue: configuration.queueNumber)
    return try Worker(mailbox: mailbox, loop: loop, capture: capture, parts: parts, onEvent: onEvent)
  }
}
