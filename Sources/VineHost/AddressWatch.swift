import Glibc
import VineBase
import VineRouter

/// Notices that the machine's addresses changed, and tells the router: what it learnt about being reached may be wrong.
struct AddressWatch: Sendable {
  static let interval = Duration.seconds(1)

  let space: SiteSpace

  /// Until cancelled.
  func run(_ loop: ControlLoop) async {
    var known = Self.all
    while (try? await Task.sleep(for: Self.interval)) != nil {
      let now = Self.all
      guard now != known else { continue }
      known = now
      loop.post(.addressesChanged(Machine.addresses(besides: space)))
    }
  }

  /// Every IPv4 address of every interface, without starting a program to ask for them.
  private static var all: [UInt32] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    return sequence(first: first) { $0?.pointee.ifa_next }.prefix { $0 != nil }.compactMap { entry in
      guard let address = entry?.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
    }.sorted()
  }
}
