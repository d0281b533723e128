/// What `vine-mesh doctor` found about a VR, its machine and its site's network. `GET /v1/doctor`, which takes a second.
public struct DoctorView: View {
  public static let name = "doctor"

  /// In the order of the checks, from the machine to the mesh to the hosts.
  public var findings: [Finding]

  public init(findings: [Finding]) { self.findings = findings }

  /// Whether something does not work; then the exit code of `vine-mesh doctor` is 1.
  public var isHealthy: Bool { !findings.contains { $0.level == .error } }
}

/// What one check found.
public struct Finding: Codable, Hashable, Sendable {
  /// Stable: space, rules, capture, routing, processors, mtu, clock, disk, certificate, reachability, nat, mesh, status,
  /// hosts, gateway.
  public var check: String
  public var level: FindingLevel
  /// One line.
  public var text: String
  /// What was seen; one line, may be empty.
  public var evidence: String
  /// What to do; absent if there is nothing to do.
  public var mend: String?

  public init(_ check: String, _ level: FindingLevel, _ text: String, evidence: String = "", mend: String? = nil) {
    (self.check, self.level, self.text, self.evidence, self.mend) = (check, level, text, evidence, mend)
  }
}

/// `notice`: worth knowing. `warning`: will hurt, or hurts some. `error`: something does not work.
public enum FindingLevel: String, Codable, Hashable, Sendable {
  case ok, notice, warning, error
}
