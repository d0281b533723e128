import VineBase

/// Why the data plane can't start: the scope is the process. One line for people that names the mend.
public struct DataPlaneError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What others map to an exit code.
  public enum Kind: Hashable, Sendable {
    /// UDP or TCP port of the configuration belongs to another process.
    case portTaken
    /// Not root, or without CAP_NET_ADMIN and CAP_NET_RAW.
    case noPermission
    /// The kernel has no nfnetlink_queue.
    case noNetfilterQueue
    /// The queue number belongs to another process.
    case queueTaken
    case interfaceMissing
    /// The configured address is not one of this machine.
    case addressMissing
    /// Any other refusal of the kernel.
    case system
  }

  public let kind: Kind
  /// What is wrong, one line.
  public let message: String
  /// What to do, one line.
  public let mend: String

  public var description: String { "\(message): \(mend)" }

  init(_ kind: Kind, _ message: String, mend: String) {
    (self.kind, self.message, self.mend) = (kind, message, mend)
  }

  static func permission(_ what: String) -> Self {
    Self(.noPermission, "no permission to \(what)", mend: "run as root, or with CAP_NET_ADMIN and CAP_NET_RAW")
  }

  static func interface(_ name: String) -> Self {
    Self(.interfaceMissing, "there is no interface \(name)", mend: "set the LAN interface to one of `ip link`")
  }

  static func queueTaken(_ queue: UInt16) -> Self {
    Self(
      .queueTaken, "NFQUEUE \(queue) is taken by another process",
      mend: "stop it (/proc/net/netfilter/nfnetlink_queue names its port) or set another queue number")
  }

  static func noQueue(_ error: SystemError) -> Self {
    Self(
      .noNetfilterQueue, "the kernel has no NFQUEUE (\(error))",
      mend: "load nfnetlink_queue (modprobe), or use a kernel with CONFIG_NETFILTER_NETLINK_QUEUE")
  }

  static func tun(_ name: String, _ error: SystemError) -> Self {
    Self(
      .system, "the kernel makes no TUN device \(name) (\(error))",
      mend: "load tun (modprobe), end the process that has the device, or leave `dataPlane` out of the configuration")
  }

  static func system(_ what: String, _ error: SystemError) -> Self {
    Self(.system, "the kernel refused to \(what) (\(error))", mend: "see the kernel's log (dmesg)")
  }

  /// A refused bind of the VR's own port.
  static func bind(_ transport: String, _ endpoint: Endpoint, _ error: SystemError) -> Self {
    switch error {
    case .addressInUse:
      Self(
        .portTaken, "\(transport) port \(endpoint.port) is taken by another process",
        mend: "stop it (`ss -lnp 'sport = :\(endpoint.port)'` names it) or set another listen port")
    case .addressNotAvailable:
      Self(
        .addressMissing, "\(endpoint.address) is no address of this machine", mend: "set listen to 0.0.0.0 or to one")
    case .notPermitted, .accessDenied: .permission("listen on \(transport) port \(endpoint.port)")
    default: .system("listen on \(transport) port \(endpoint.port)", error)
    }
  }
}
