import CLinuxShim
import Synchronization

/// Carries commands from any thread to the data thread and wakes it.
final class Mailbox: Sendable {
  private let commands = Mutex<[DataPlaneCommand]>([])
  private let closed = Atomic(false)
  private let event: FileDescriptor

  init() throws(SystemError) { event = try FileDescriptor(vine_event_create()) }

  /// Readable while commands wait.
  var descriptor: Int32 { event.raw }

  func post(_ command: DataPlaneCommand) {
    let isFirst = commands.withLock { commands in
      commands.append(command)
      return commands.count == 1
    }
    if isFirst { vine_event_raise(event.raw) }
  }

  /// Tells the data thread to end.
  func close() {
    closed.store(true, ordering: .releasing)
    vine_event_raise(event.raw)
  }

  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Everything posted, in order. Only the data thread calls it.
  func takeAll() -> [DataPlaneCommand] {
    // Clear first: what is posted from here on raises the event again.
    vine_event_clear(event.raw)
    return commands.withLock { commands in
      let all = commands
      commands = []
      return all
    }
  }
}
