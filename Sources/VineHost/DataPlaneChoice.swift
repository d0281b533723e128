import VineDataPlane
import Yams

/// `dataPlane` of the configuration: a mapping, every key of which may be left out.
public struct DataPlaneChoice: Hashable, Sendable {
  public var capture = DataPlaneConfiguration.Capture.nfqueue
  public var injection = DataPlaneConfiguration.Injection.libnet
  /// Super-packets and trains.
  public var offloads = true

  public init() {}

  static let expectation =
    "a mapping of capture (nfqueue or tun), injection (libnet or tun) and offloads (true or false)"

  /// - Returns: false, and changes nothing, for an unknown key or value.
  static func read(into choice: inout Self, _ node: Node) -> Bool {
    guard let mapping = node.mapping else { return false }
    var result = choice
    for (key, value) in mapping {
      switch key.string {
      case "capture":
        guard let capture = value.string.flatMap(DataPlaneConfiguration.Capture.init(rawValue:)) else { return false }
        result.capture = capture
      case "injection":
        guard let injection = value.string.flatMap(DataPlaneConfiguration.Injection.init(rawValue:)) else {
          return false
        }
        result.injection = injection
      case "offloads":
        guard let offloads = value.bool else { return false }
        result.offloads = offloads
      default: return false
      }
    }
    choice = result
    return true
  }
}
