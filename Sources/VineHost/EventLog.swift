import Foundation
import Logging
import Synchronization
import VineBase
import VineControl
import VineRouter

/// Everything that a daemon tells of itself, with the ids of `EventKind`: a log line with stable keys, and a line of
/// `vine-mesh events`. A condition that repeats is told when it begins and then at most once a minute.
final class EventLog: Sendable {
  let logger: Logger
  let store = EventStore()
  private let last = Mutex<[String: Instant]>([:])
  private static let repeatAfter = Duration.seconds(60)
  /// Conditions remembered; beyond that all are forgotten, which costs a repeated line.
  private static let conditionsMax = 4096
  /// What is less is in the log only: in a busy mesh it would drive everything else out of the store.
  private static let storedFrom = EventLevel.info

  init(logger: Logger) { self.logger = logger }

  /// - Parameter fields: for programs; in the log each is `vine.<key>`.
  func tell(
    _ kind: EventKind, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> [String: String] = [:]
  ) {
    let level = Logger.Level(kind.level)
    let isStored = kind.level >= Self.storedFrom
    guard isStored || logger.logLevel <= level else { return }
    let (message, fields) = (message(), fields())
    if isStored { store.add(kind, message, fields, unixSeconds: Date().timeIntervalSince1970) }
    var metadata: Logger.Metadata = ["vine.event": "\(kind.rawValue)"]
    for (key, value) in fields { metadata["vine.\(key)"] = "\(value)" }
    logger.log(level: level, "\(message)", metadata: metadata)
  }

  func write(_ event: RouterEvent) {
    switch event {
    case .sessionEstablished(let node, let site, let carrier):
      tell(
        .sessionEstablished, "session with \(site)",
        ["node": "\(node)", "site": site, "carrier": kind(of: carrier)])
    case .peerRefused(let carrier, let reason):
      once("refused \(carrier) \(reason)") {
        tell(.sessionRefused, "refused a VR: \(reason.explanation)", ["from": text(carrier)])
      }
    case .refusedByPeer(_, let carrier, let reason):
      once("refused by \(carrier) \(reason)") {
        tell(.sessionRefusedByPeer, "refused by a VR: \(reason.explanation)", ["from": text(carrier)])
      }
    case .handshakeFailed(let node, let carrier, let why):
      once("failed \(carrier)") {
        tell(.sessionFailed, "no session: \(why)", ["node": node.map(\.description) ?? "?", "to": text(carrier)])
      }
    case .memberChanged(let node, let site, let state):
      tell(.memberChanged, "\(site) is \(state)", ["node": "\(node)", "site": site, "state": "\(state)"])
    case .recordAccepted(let node, let version):
      tell(.recordAccepted, "record \(version.epoch).\(version.sequence) of \(node)", ["node": "\(node)"])
    case .natLearned(let behaviour): tell(.natLearned, "the NAT in front of this VR: \(behaviour)")
    case .directPath(let node, let site, let endpoint?):
      tell(
        .pathDirect, "\(site) is reached directly, at \(endpoint)",
        ["node": "\(node)", "site": site, "endpoint": "\(endpoint)"])
    case .directPath(let node, let site, nil):
      tell(.pathIndirect, "\(site) is not reached directly any more", ["node": "\(node)", "site": site])
    case .pathMTU(let node, let site, let byteCount?):
      tell(
        .mtuLearned, "packets of up to \(byteCount) bytes reach \(site) directly",
        ["node": "\(node)", "site": site, "bytes": "\(byteCount)"])
    case .pathMTU(let node, let site, nil):
      tell(
        .mtuForgotten, "how long packets may be that reach \(site) directly is not known",
        ["node": "\(node)", "site": site])
    case .roleChanged(let role, let evidence):
      tell(.roleChanged, "this VR is \(role): \(evidence)", ["role": role])
    case .queueVRChanged(let node?, let site):
      tell(.queueVRChanged, "queue-VR is \(site ?? "none")", ["node": "\(node)", "site": site ?? "?"])
    case .queueVRChanged(nil, _): tell(.queueVRChanged, "queue-VR is none")
    case .channelClosed(let channel, let reason):
      tell(.channelClosed, "channel closed: \(reason)", ["channel": "\(channel.rawValue)"])
    case .standsIn(let node, let site, true):
      tell(
        .failOverBegan, "stands in for the VR of \(site), which is silent", ["node": "\(node)", "site": site])
    case .standsIn(let node, let site, false):
      tell(.failOverEnded, "the VR of \(site) serves its hosts again", ["node": "\(node)", "site": site])
    case .siteJoined(let node, let site, let block):
      tell(.siteJoined, "\(site) joined with \(block)", ["node": "\(node)", "site": site, "block": "\(block)"])
    case .joinRefused(let node, let why): tell(.joinRefused, "refused a join: \(why)", ["node": "\(node)"])
    case .blockOwned(let block):
      tell(
        .blockOwned, "this site's block is \(block), its gateway \(block.gateway)",
        ["block": "\(block)", "gateway": "\(block.gateway)"])
    case .certificateRenewed(let expires):
      tell(.certificateRenewed, "certificate renewed", ["expiresUnixSeconds": "\(expires.secondsSince1970)"])
    case .renewalFailed(let why):
      tell(.certificateNotRenewed, "certificate not renewed: \(why)", ["mend": "see `vine-mesh status certs`"])
    case .renewed(let node, let site):
      tell(.certificateIssued, "renewed a certificate", ["node": "\(node)", "site": site])
    case .grantRefused(let node, let block, let why):
      tell(.grantRefused, "the grant of \(block) does not stand: \(why)", ["node": "\(node)", "block": "\(block)"])
    case .decisionsVoid(let count):
      tell(
        .meshRecovered, "the mesh was recovered: \(count) decisions of its lost majority do not stand",
        ["decisions": "\(count)"])
    case .voterStopped(let why): tell(.voterStopped, "this VR votes no more: \(why)")
    case .recordsRefused(let count, let node):
      once("records \(node)") {
        tell(.recordsRefused, "\(count) records were not authentic", ["node": "\(node)", "records": "\(count)"])
      }
    case .undecodable(let node, let why):
      once("undecodable \(node)") {
        tell(.messageUndecodable, "a control message made no sense: \(why)", ["node": "\(node)"])
      }
    }
  }

  private func once(_ condition: String, _ write: () -> Void) {
    let now = Clock.now
    let isDue = last.withLock { last in
      if let before = last[condition], now - before < Self.repeatAfter { return false }
      if last.count >= Self.conditionsMax { last.removeAll() }
      last[condition] = now
      return true
    }
    if isDue { write() }
  }

  private func kind(of carrier: Carrier) -> String {
    switch carrier {
    case .datagram: "udp"
    case .channel: "channel"
    case .relayed: "relay"
    }
  }

  private func text(_ carrier: Carrier) -> String {
    switch carrier {
    case .datagram(let endpoint): "\(endpoint)"
    case .channel(let channel): "channel \(channel.rawValue)"
    case .relayed(let node, _): "through \(node)"
    }
  }
}

extension Logger.Level {
  init(_ level: EventLevel) {
    self =
      switch level {
      case .debug: .debug
      case .info: .info
      case .notice: .notice
      case .warning: .warning
      case .error: .error
      }
  }
}
