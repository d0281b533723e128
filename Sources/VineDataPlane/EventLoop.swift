import CLinuxShim

/// Waits on many descriptors (epoll, level-triggered).
final class EventLoop {
  /// Whose descriptor is ready.
  enum Source: Hashable {
    case mailbox, capture, datagrams, listener
    case channel(UInt64)

    fileprivate var token: UInt64 {
      switch self {
      case .mailbox: 0
      case .capture: 1
      case .datagrams: 2
      case .listener: 3
      case .channel(let number): number + 4
      }
    }

    fileprivate init(token: UInt64) {
      switch token {
      case 0: self = .mailbox
      case 1: self = .capture
      case 2: self = .datagrams
      case 3: self = .listener
      default: self = .channel(token - 4)
      }
    }
  }

  struct Readiness {
    let isReadable, isWritable, isBroken: Bool
  }

  private let epoll: FileDescriptor
  private let ready: UnsafeMutablePointer<vine_ready>

  init() throws(SystemError) {
    epoll = try FileDescriptor(vine_epoll_create())
    ready = .allocate(capacity: Int(VINE_READY_MAX))
  }

  deinit { ready.deallocate() }

  /// Begins to watch a descriptor, or changes what it is watched for. A closed descriptor is forgotten by itself.
  func watch(_ descriptor: Int32, as source: Source, writable: Bool = false) throws(SystemError) {
    let events = UInt32(EPOLLIN.rawValue) | (writable ? UInt32(EPOLLOUT.rawValue) : 0)
    guard vine_epoll_set(epoll.raw, descriptor, events, source.token) == 0 else { throw .last }
  }

  /// Waits until something is ready, at most `milliseconds`, and hands each to `body`.
  func wait(milliseconds: Int32, _ body: (Source, Readiness) -> Void) {
    let count = vine_epoll_wait(epoll.raw, ready, milliseconds)
    guard count > 0 else { return }
    for position in 0..<Int(count) {
      let events = ready[position].events
      body(
        Source(token: ready[position].token),
        Readiness(
          isReadable: events & UInt32(EPOLLIN.rawValue) != 0, isWritable: events & UInt32(EPOLLOUT.rawValue) != 0,
          isBroken: events & (UInt32(EPOLLERR.rawValue) | UInt32(EPOLLHUP.rawValue)) != 0))
    }
  }
}
