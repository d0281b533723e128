import VineSession

/// Which of its ways the data plane found possible on this machine, in words.
public struct DataPlaneMeans: Hashable, Sendable {
  public var capture: String
  public var injection: String
  /// Whose code seals frames.
  public var cryptography: String

  init(_ configuration: DataPlaneConfiguration, _ injection: LibnetInjection) {
    let plain = DataPlaneConfiguration.plainQueue(beside: configuration.queueNumber)
    capture = "NFQUEUE \(configuration.queueNumber) (TCP in super-packets) and \(plain)"
    self.injection =
      injection.isUncut
      ? "libnet, link context (super-packets) and raw context"
      : "libnet, raw context only: \(configuration.lanInterface) takes no super-packets"
    let suite = CipherSuite.available[0]
    cryptography = "\(suite) by \(AEADImplementation.best(for: suite).rawValue)"
  }
}
