import VineBase
import VineControl
import VineRouter

/// The site's two VRs on the status screen.
extension Router {
  /// Of a VR that is configured as first and as second, what it does as second.
  func failOverLine(at now: Instant) -> FailOverLine? {
    if let first = succession.standsInFor {
      return FailOverLine(
        other: first.description, isFirst: false, isAgreed: firstVR != nil, standsIn: failOver.standsIn)
    }
    guard let second = succession.secondVR else { return nil }
    let isAgreed = directory.secondVR(of: node).map { isUp($0) } ?? false
    return FailOverLine(other: second.description, isFirst: true, isAgreed: isAgreed, standsIn: isStoodInFor)
  }

  func failOverHealth(_ add: (HealthLevel, String, String) -> Void) {
    if let first = succession.standsInFor, firstVR == nil {
      add(
        .warning, "this VR does not stand by for \(first): that one does not name it as its second VR",
        "set `secondVR: \(identity.site)` in the configuration of \(first), then `vine-mesh reload` there")
    } else if let first = succession.standsInFor, failOver.standsIn {
      add(.warning, "this VR stands in for \(first), which is silent", "look at the VR of \(first)")
    }
    guard let second = succession.secondVR else { return }
    if directory.secondVR(of: node).map(isUp) != true {
      add(
        .warning, "\(second) does not stand by for this VR: it is not there",
        "start it, with `standsInFor: \(identity.site)` in its configuration")
    } else if isStoodInFor {
      add(
        .warning, "\(second) stands in for this VR, which it does not hear", "vine-mesh status peers")
    }
  }
}
