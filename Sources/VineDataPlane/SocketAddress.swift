import CLinuxShim
import Glibc
import VineBase

extension sockaddr_in {
  init(_ endpoint: Endpoint) {
    self.init()
    sin_family = sa_family_t(AF_INET)
    sin_port = endpoint.port.bigEndian
    sin_addr.s_addr = endpoint.address.rawValue.bigEndian
  }

  var endpoint: Endpoint {
    Endpoint(address: IPv4Address(rawValue: UInt32(bigEndian: sin_addr.s_addr)), port: UInt16(bigEndian: sin_port))
  }

  /// Calls `body` with the form that socket calls take.
  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: self) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}

/// Sockets of the VR's own port.
enum Sockets {
  static let datagram = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  static let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  /// UDP. Frames are never longer than 1472 bytes; where the underlay is narrower than 1500 the kernel fragments.
  static func datagram(on endpoint: Endpoint) throws(DataPlaneError) -> FileDescriptor {
    do throws(SystemError) {
      let descriptor = try FileDescriptor(socket(AF_INET, datagram, 0))
      _ = vine_set_option(descriptor.raw, Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
      vine_set_buffers(descriptor.raw, Limits.socketBuffer, Limits.socketBuffer)
      try bind(descriptor.raw, endpoint)
      return descriptor
    } catch { throw .bind("UDP", endpoint, error) }
  }

  /// TCP, listening.
  static func listener(on endpoint: Endpoint) throws(DataPlaneError) -> FileDescriptor {
    do throws(SystemError) {
      let descriptor = try FileDescriptor(socket(AF_INET, stream, 0))
      // A restarted VR takes its port back although old connections still linger.
      _ = vine_set_option(descriptor.raw, SOL_SOCKET, SO_REUSEADDR, 1)
      try bind(descriptor.raw, endpoint)
      guard listen(descriptor.raw, 128) == 0 else { throw .last }
      return descriptor
    } catch { throw .bind("TCP", endpoint, error) }
  }

  private static func bind(_ descriptor: Int32, _ endpoint: Endpoint) throws(SystemError) {
    let result = sockaddr_in(endpoint).withSockaddr { Glibc.bind(descriptor, $0, $1) }
    guard result == 0 else { throw .last }
  }
}
