import CLinuxShim
import Glibc
import VineBase

/// Puts `HostQuestions` to the site's network: about a second for all hosts together, less if all answer.
public enum HostProbe {
  /// Questions are repeated so often, each time after `wait`.
  private static let tries = 3
  private static let wait = Duration.milliseconds(150)

  /// Blocks the thread.
  /// - Returns: nil where the interface is no Ethernet or there is no permission.
  public static func ask(
    _ hosts: [HostQuestions.Host], on interface: String, stranger: IPv4Address, identifier: UInt16
  ) -> [HostQuestions.Answer]? {
    var own = [UInt8](repeating: 0, count: 6)
    guard vine_hardware_address(interface, &own) == 0 else { return nil }
    let descriptor = vine_packet_socket(interface)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var questions = HostQuestions(own: own, hosts: hosts, stranger: stranger, identifier: identifier)
    // All rounds of ARP: a second owner of an address may be slower than the first.
    for _ in 0..<tries {
      send(questions.whoHas, descriptor)
      listen(descriptor, &questions)
    }
    for _ in 0..<tries where !questions.echoes.isEmpty {
      send(questions.echoes, descriptor)
      listen(descriptor, &questions)
    }
    return questions.answers
  }

  private static func send(_ frames: [[UInt8]], _ descriptor: Int32) {
    for frame in frames { _ = frame.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) } }
  }

  private static func listen(_ descriptor: Int32, _ questions: inout HostQuestions) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 16)
    defer { buffer.deallocate() }
    let end = MonotonicClock.now + wait
    while true {
      let left = (end - MonotonicClock.now).inNanoseconds
      guard left > 0 else { return }
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, Int32(left / 1_000_000) + 1) > 0 else { continue }
      // A busy network must not keep the loop here.
      for _ in 0..<256 {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else { break }
        questions.received(UnsafeRawBufferPointer(rebasing: buffer[..<min(count, buffer.count)]))
      }
    }
  }
}
