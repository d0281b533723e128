/// Why a packet or frame went no further. Each is counted; its name is the `reason` label of the metrics.
public enum DropReason: UInt8, CaseIterable, Hashable, Sendable {
  // The forwarding decision (paper 3.6).
  case sourceNotInLNDT, noGNDTEntry, toVirtualRouter, notVirtualDestination, destinationNotInLNDT, wrongVine
  case spoofedSource
  /// Beyond the paper: what the site's own configuration says.
  case sitePolicy
  // Packets.
  case malformed, timeToLiveExpired, fragmentationNeeded
  // The way to the other VR.
  case noSession, noPath, relayNotMine, relayHops, queueOverflow, queueExpired, sendFailed, injectFailed
  case queueDelay
  /// Beyond the store of 3.4: what a closing channel took with it.
  case channelClosed
  // Frames.
  case unknownSession, badTag, replayed, truncatedFrame, unknownKind, guestSession
  // Handshakes, while many come.
  case cookieNeeded, handshakeLimit, strayHandshake

  /// Stable, camelCase.
  public var name: String { String(describing: self) }

  /// One line for people.
  public var explanation: String {
    switch self {
    case .sourceNotInLNDT: "a host that is in no ViNe sent a virtual packet"
    case .noGNDTEntry: "no ViNe of the sending host has the destination"
    case .toVirtualRouter: "the packet was for the VR's own virtual address; VRs answer nobody in virtual space"
    case .notVirtualDestination: "a virtual host wrote to an address outside the virtual space"
    case .destinationNotInLNDT: "the packet came from another VR for a host that is not in the LNDT"
    case .wrongVine: "the packet came in a ViNe that its destination is not in"
    case .spoofedSource: "the packet's source does not belong to the VR that sent it"
    case .sitePolicy: "the site's own policy refuses the other site, or the ViNe"
    case .malformed: "it was no valid IPv4 packet"
    case .timeToLiveExpired: "its time to live ran out here"
    case .fragmentationNeeded: "it was too large for the path and must not be fragmented; its sender was told"
    case .noSession: "there was no session with the destination's VR"
    case .noPath: "there was no way to the destination's VR"
    case .relayNotMine: "a frame was to be passed on to a VR that this one does not serve"
    case .relayHops: "a frame had passed too many queue-VRs"
    case .queueOverflow: "the queue for a VR was full; the oldest went"
    case .queueExpired: "a frame waited too long for a limited-VR's channel"
    case .sendFailed: "the kernel did not take a frame"
    case .injectFailed: "the kernel did not take a packet for a host"
    case .queueDelay: "packets waited too long for this VR; a flow was told to go slower"
    case .channelClosed: "a channel ended before the other side had the frame"
    case .unknownSession: "a frame named a session that is not known (any more)"
    case .badTag: "a frame was not authentic"
    case .replayed: "a frame came a second time, or far too late"
    case .truncatedFrame: "a frame was too short"
    case .unknownKind: "a frame was of no known kind"
    case .guestSession: "a VR that has not joined yet sent data"
    case .cookieNeeded: "many began handshakes at once; a sender was asked to prove his address first"
    case .handshakeLimit: "more handshakes came than this VR answers in a second, in all or from one address"
    case .strayHandshake: "while many began handshakes, a frame answered none of this VR's"
    }
  }

  /// What to do about it; empty if there is nothing to do.
  public var mend: String {
    switch self {
    case .sourceNotInLNDT: "vine-mesh host add <address> --vine <name>"
    case .noGNDTEntry: "put both hosts into one ViNe: vine-mesh status gndt"
    case .destinationNotInLNDT, .wrongVine: "vine-mesh host add <address> --vine <name> at the destination's site"
    case .sitePolicy: "change `policy` in that site's configuration, then vine-mesh reload"
    case .noSession, .noPath: "vine-mesh status peers"
    case .relayNotMine: "vine-mesh status relay"
    case .injectFailed: "check the LAN interface and the host's alias"
    default: ""
    }
  }
}
