/// How urgent an event is; the levels of the log.
public enum EventLevel: String, Codable, CaseIterable, Hashable, Sendable, Comparable {
  case debug, info, notice, warning, error

  public static func < (left: Self, right: Self) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// What a daemon tells of itself. The raw value is the event's id, in the log (`vine.event`) and in `GET /v1/events`: it never
/// changes its meaning. docs/reference/events.md has a line for each.
public enum EventKind: String, Codable, CaseIterable, Hashable, Sendable {
  case daemonStarted = "daemon.started"
  case daemonDataPlane = "daemon.dataPlane"
  case daemonStopped = "daemon.stopped"
  case dashboardOpened = "dashboard.opened"
  case apiUnavailable = "api.unavailable"
  case configurationRead = "configuration.read"
  case configurationRefused = "configuration.refused"
  case rulesRestored = "rules.restored"
  case rulesMissing = "rules.missing"

  case sessionEstablished = "session.established"
  case sessionFailed = "session.failed"
  case sessionRefused = "session.refused"
  case sessionRefusedByPeer = "session.refusedByPeer"
  case memberChanged = "member.changed"
  case recordAccepted = "record.accepted"
  case recordsRefused = "records.refused"
  case messageUndecodable = "message.undecodable"

  case roleChanged = "role.changed"
  case natLearned = "nat.learned"
  case pathDirect = "path.direct"
  case pathIndirect = "path.indirect"
  case mtuLearned = "mtu.learned"
  case mtuForgotten = "mtu.forgotten"
  case queueVRChanged = "queueVR.changed"
  case channelClosed = "channel.closed"
  case failOverBegan = "failOver.began"
  case failOverEnded = "failOver.ended"

  case siteJoined = "site.joined"
  case joinRefused = "join.refused"
  case blockOwned = "block.owned"
  case grantRefused = "grant.refused"
  case meshRecovered = "mesh.recovered"
  case voterStopped = "voter.stopped"

  case certificateExpired = "certificate.expired"
  case certificateRenewed = "certificate.renewed"
  case certificateIssued = "certificate.issued"
  case certificateNotRenewed = "certificate.notRenewed"
  case certificateStillExpired = "certificate.stillExpired"

  public var level: EventLevel {
    switch self {
    case .recordAccepted: .debug
    case .sessionFailed, .pathDirect, .pathIndirect, .mtuLearned, .mtuForgotten, .channelClosed, .certificateIssued:
      .info
    case .daemonStarted, .daemonDataPlane, .daemonStopped, .dashboardOpened, .configurationRead, .sessionEstablished,
      .memberChanged,
      .roleChanged, .natLearned, .queueVRChanged, .failOverEnded, .siteJoined, .blockOwned, .certificateExpired,
      .certificateRenewed:
      .notice
    case .rulesRestored, .sessionRefused, .sessionRefusedByPeer, .recordsRefused, .messageUndecodable, .failOverBegan,
      .joinRefused, .grantRefused, .meshRecovered, .certificateNotRenewed:
      .warning
    case .configurationRefused, .rulesMissing, .voterStopped, .certificateStillExpired, .apiUnavailable: .error
    }
  }
}
