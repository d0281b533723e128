/// `POST /v1/explain`, answered with an `ExplainView`.
public struct ExplainBody: Codable, Hashable, Sendable {
  public var source: String
  public var destination: String

  public init(source: String, destination: String) {
    self.source = source
    self.destination = destination
  }
}

/// What would become of a packet from this site's host, step by step, by the very rules that forward.
public struct ExplainView: View {
  public static let name = "explain"

  public enum Verdict: String, Codable, Sendable {
    case delivered, dropped
    /// The other end was not asked, or did not answer.
    case unknown
  }

  public var source: String
  public var destination: String
  public var verdict: Verdict
  /// The ViNe that it travels in.
  public var vine: String?
  /// In the order in which they are decided; the last one decides.
  public var steps: [ExplainStep]
  /// Of a drop: its stable name, and one line.
  public var reason: String?
  public var explanation: String?
  /// A command to type, or what to do.
  public var mend: String?

  public init(
    source: String, destination: String, verdict: Verdict, vine: String? = nil, steps: [ExplainStep],
    reason: String? = nil, explanation: String? = nil, mend: String? = nil
  ) {
    self.source = source
    self.destination = destination
    self.verdict = verdict
    self.vine = vine
    self.steps = steps
    self.reason = reason
    self.explanation = explanation
    self.mend = mend
  }
}

/// One rule that a packet meets.
public struct ExplainStep: Codable, Hashable, Sendable {
  /// The site where it is decided.
  public var site: String
  /// What decides: `LNDT`, `GNDT`, `path`.
  public var rule: String
  /// One line.
  public var text: String
  /// Whether the packet goes on.
  public var passes: Bool
  /// The version of the table that decided, `v17.42`.
  public var version: String?

  public init(site: String, rule: String, text: String, passes: Bool, version: String? = nil) {
    self.site = site
    self.rule = rule
    self.text = text
    self.passes = passes
    self.version = version
  }
}
