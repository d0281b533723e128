import Foundation
import Logging
import Synchronization
import VineBase
import VineRouter

/// The router's events as log lines with stable keys. A condition that repeats is logged when it begins and then
/// at most once a minute.
final class EventLog: Sendable {
  let logger: Logger
  private let last = Mutex<[String: Instant]>([:])
  private static let repeatAfter = Duration.seconds(60)
  /// Conditions remembered; beyond that all are forgotten, which costs a repeated line.
  private static let conditionsMax = 4096

  init(logger: Logger) { self.logger = logger }

  func write(_ event: RouterEvent) {
    switch event {
    case .sessionEstablished(let node, let site, let carrier):
      logger.notice("session with \(site)", metadata: ["vine.node": "\(node)", "vine.carrier": "\(kind(of: carrier))"])
    case .peerRefused(let carrier, let reason):
      once("refused \(carrier) \(reason)") {
        logger.warning("refused a VR: \(reason.explanation)", metadata: ["vine.from": "\(self.text(carrier))"])
      }
    case .refusedByPeer(_, let carrier, let reason):
      once("refused by \(carrier) \(reason)") {
        logger.warning("refused by a VR: \(reason.explanation)", metadata: ["vine.from": "\(self.text(carrier))"])
      }
    case .handshakeFailed(let node, let carrier, let why):
      once("failed \(carrier)") {
        logger.info(
          "no session: \(why)",
          metadata: ["vine.node": "\(node.map(\.description) ?? "?")", "vine.to": "\(self.text(carrier))"])
      }
    case .memberChanged(let node, let site, let state):
      logger.notice("\(site) is \(state)", metadata: ["vine.node": "\(node)"])
    case .recordAccepted(let node, let version):
      logger.debug("record \(version.epoch).\(version.sequence) of \(node)")
    case .natLearned(let behaviour): logger.notice("the NAT in front of this VR: \(behaviour)")
    case .directPath(_, let site, let endpoint?): logger.info("\(site) is reached directly, at \(endpoint)")
    case .directPath(_, let site, nil): logger.info("\(site) is not reached directly any more")
    case .pathMTU(_, let site, let byteCount?):
      logger.info("packets of up to \(byteCount) bytes reach \(site) directly")
    case .pathMTU(_, let site, nil): logger.info("how long packets may be that reach \(site) directly is not known")
    case .roleChanged(let role, let evidence): logger.notice("this VR is \(role): \(evidence)")
    case .queueVRChanged(let node, let site):
      logger.notice("queue-VR is \(site ?? "none")", metadata: node.map { ["vine.node": "\($0)"] } ?? [:])
    case .channelClosed(let channel, let reason):
      logger.info("channel closed: \(reason)", metadata: ["vine.channel": "\(channel.rawValue)"])
    case .standsIn(let node, let site, let stands):
      let metadata: Logger.Metadata = ["vine.node": "\(node)"]
      if stands {
        logger.warning("stands in for the VR of \(site), which is silent", metadata: metadata)
      } else {
        logger.notice("the VR of \(site) serves its hosts again", metadata: metadata)
      }
    case .siteJoined(let node, let site, let block):
      logger.notice("\(site) joined with \(block)", metadata: ["vine.node": "\(node)"])
    case .joinRefused(let node, let why):
      logger.warning("refused a join: \(why)", metadata: ["vine.node": "\(node)"])
    case .blockOwned(let block): logger.notice("this site's block is \(block), its gateway \(block.gateway)")
    case .certificateRenewed(let expires):
      logger.notice("certificate renewed", metadata: ["expires": "\(expires)"])
    case .renewalFailed(let why):
      logger.warning("certificate not renewed", metadata: ["reason": "\(why)", "mend": "see `vine-mesh status certs`"])
    case .renewed(let node, let site):
      logger.info("renewed a certificate", metadata: ["site": "\(site)", "node": "\(node)"])
    case .grantRefused(let node, let block, let why):
      logger.warning("the grant of \(block) does not stand: \(why)", metadata: ["vine.node": "\(node)"])
    case .decisionsVoid(let count):
      logger.warning("the mesh was recovered: \(count) decisions of its lost majority do not stand")
    case .voterStopped(let why): logger.error("this VR votes no more: \(why)")
    case .recordsRefused(let count, let node):
      once("records \(node)") {
        logger.warning("\(count) records were not authentic", metadata: ["vine.node": "\(node)"])
      }
    case .undecodable(let node, let why):
      once("undecodable \(node)") {
        logger.warning("a control message made no sense: \(why)", metadata: ["vine.node": "\(node)"])
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
