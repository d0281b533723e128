import VineBase
import VineControl
import VinePath
import VineRouter

/// What the router itself knows is right or wrong.
extension Router {
  func findings(_ context: ViewContext) -> [Finding] {
    let status = statusView(context)
    return [certificateFinding(status), reachabilityFinding, natFinding, meshFinding(status), versionsFinding]
      .compactMap(\.self)
      + status.health.map { Finding("status", $0.level == .error ? .error : .warning, $0.text, mend: $0.mend) }
  }

  private func certificateFinding(_ status: StatusView) -> Finding? {
    // Below that `status` warns.
    guard status.certificate.daysLeft >= 14 else { return nil }
    return Finding("certificate", .ok, "the certificate is valid for \(Int(status.certificate.daysLeft)) days")
  }

  private var reachabilityFinding: Finding {
    switch reachability.role {
    case .public:
      return Finding("reachability", .ok, "other VRs reach port \(placement.port) here", evidence: roleReason)
    case .limited:
      guard let queue = channels.queueVR, channels.toQueueVR != nil else {
        return Finding(
          "reachability", .error, "nobody reaches port \(placement.port) here, and there is no queue-VR",
          evidence: roleReason,
          mend: "let TCP \(placement.port) out to a public VR, or UDP and TCP \(placement.port) in")
      }
      return Finding(
        "reachability", .ok,
        "nobody reaches port \(placement.port) here; the queue-VR \(directory.name(of: queue)) holds a channel",
        evidence: roleReason)
    case .unknown:
      return Finding(
        "reachability", .notice, "whether port \(placement.port) is reached from outside is not known yet",
        evidence: roleReason)
    }
  }

  private var natFinding: Finding? {
    guard reachability.role == .limited else { return nil }
    return Finding("nat", .ok, "there is a NAT in front of this VR", evidence: nat.behaviour.description)
  }

  private func meshFinding(_ status: StatusView) -> Finding {
    let evidence =
      "\(status.vrs.up) of \(status.vrs.known) VRs up, \(status.consensus.votersUp) of \(status.consensus.voters) voters"
    guard status.convergence.converged else {
      return Finding(
        "mesh", .notice, "not all VRs agree yet",
        evidence: status.convergence.waitingFor.prefix(3).joined(separator: "; "),
        mend: "vine-mesh wait --converged")
    }
    return Finding("mesh", .ok, "all VRs that are up agree on every table", evidence: evidence)
  }

  private var versionsFinding: Finding? {
    var versions: SortedMap<String, Int> = [:]
    for node in directory.admitted {
      guard let record = directory.records[node] else { continue }
      versions["\(record.softwareVersion), wire format \(record.wireVersions)", default: 0] += 1
    }
    guard versions.count > 1 else { return nil }
    let evidence = versions.map { "\($0.1) VRs with \($0.0)" }.joined(separator: ", ")
    return Finding("mesh", .notice, "VRs of several versions are in the mesh", evidence: evidence)
  }
}
