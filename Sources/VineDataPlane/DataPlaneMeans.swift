import VineSession

/// Which of its ways the data plane uses on this machine, in words, and why where there was a choice.
public struct DataPlaneMeans: Hashable, Sendable {
  public var capture: String
  public var injection: String
  /// Whose code seals frames.
  public var cryptography: String

  init(_ configuration: DataPlaneConfiguration, _ injection: LibnetInjection) {
    let queue = configuration.queueNumber
    let (plain, tun) = (DataPlaneConfiguration.plainQueue(beside: queue), DataPlaneConfiguration.tunName(for: queue))
    let form = configuration.usesOffloads ? "TCP in super-packets" : "packet by packet, as configured"
    capture =
      switch configuration.capture {
      case .nfqueue: "NFQUEUE \(queue) and \(plain), \(form)"
      case .tun: "TUN device \(tun), \(form)"
      }
    self.injection =
      switch configuration.injection {
      case .tun: "TUN device \(tun), \(configuration.usesOffloads ? "super-packets" : form)"
      case .libnet where injection.takesTCP: "libnet, link context, super-packets"
      case .libnet where configuration.usesOffloads:
        "libnet, raw context, packet by packet: \(configuration.lanInterface) takes no super-packets"
      case .libnet: "libnet, raw context, \(form)"
      }
    let suite = CipherSuite.available[0]
    cryptography = "\(suite) by \(AEADImplementation.best(for: suite).rawValue)"
  }
}
