import Foundation
import VineBase
import VineControl

/// The three sites of the paper's Figure 3; links as measured there (Table 3, case 0), PU behind NAT served by NWU.
enum Figure3 {
  static let uf = node(1)
  static let nwu = node(2)
  static let pu = node(3)

  private static func node(_ number: UInt8) -> String {
    Base32.encode((0..<32).map { UInt8(truncatingIfNeeded: Int(number) * 37 + $0 * 11) })
  }

  static let physics = GNDTAgreement(version: "v7.4", digest: "9f3a01c255d0e17b", agreeing: 3, participantsUp: 3)
  static let biology = GNDTAgreement(
    version: "v17.42", digest: "04be77120c9a3f68", agreeing: 1, participantsUp: 3,
    laggards: [
      GNDTLaggard(site: "osaka", node: nwu, reason: .behind, version: "v17.40", seconds: 12.2),
      GNDTLaggard(site: "nwu", node: nwu, reason: .silent),
    ], down: ["pu"])

  static let mesh = MeshLine(name: "demo", meshId: "3f9c21ab", space: "172.16.0.0/12")

  /// UF: public, founder and only voter; PU does not answer and its ViNe biology is not settled.
  static let atUF = StatusView(
    mesh: mesh, site: "uf", node: uf, softwareVersion: "0.1.0", uptimeSeconds: 7505, role: .public,
    roleReason: "declared in configuration", endpoints: ["198.18.0.1:2247"],
    vrs: VRCounts(known: 3, up: 3, suspect: 1),
    consensus: ConsensusLine(
      state: .leader, leader: "uf", term: 1, voters: 1, votersUp: 1, quorum: 1, hasQuorum: true),
    ownBlocks: [OwnBlock(block: "172.16.0.0/24", gateway: "172.16.0.1", hosts: 2, hostsMax: 253)],
    vines: [
      VineAgreement(name: "physics", networkId: 1, agreement: physics, localHosts: 1),
      VineAgreement(name: "biology", networkId: 2, agreement: biology, localHosts: 1),
    ],
    drops: [DropLine(reason: "noGNDTEntry", packets: 12), DropLine(reason: "toVirtualRouter", packets: 3)],
    certificate: CertificateLine(daysLeft: 3649.2, expiresUnixSeconds: 2_110_000_000),
    convergence: Convergence(converged: false, waitingFor: ["biology: \(biology.sentence)"]),
    health: [
      HealthLine(level: .error, text: "NFQUEUE 0 lost 40 packets", mend: "sysctl -w net.core.rmem_max=16777216"),
      HealthLine(level: .warning, text: "pu does not answer"),
    ])

  /// PU: limited, everything well.
  static let atPU = StatusView(
    mesh: mesh, site: "pu", node: pu, softwareVersion: "0.1.0", uptimeSeconds: 42.4, role: .limited,
    roleReason: "no dial-back arrived in 3 s; nwu sees us as 203.0.113.5:40112", endpoints: [],
    vrs: VRCounts(known: 3, up: 3, suspect: 0),
    consensus: ConsensusLine(
      state: .observer, leader: "uf", term: 1, voters: 1, votersUp: 1, quorum: 1, hasQuorum: true),
    ownBlocks: [OwnBlock(block: "172.16.2.0/24", gateway: "172.16.2.1", hosts: 2, hostsMax: 253)],
    vines: [
      VineAgreement(name: "physics", networkId: 1, agreement: physics, localHosts: 1)
    ],
    queueVR: QueueVRLine(
      site: "nwu", node: nwu, connected: true, sinceSeconds: 40, bandwidthMbps: 63.1, rttMs: 6.82),
    drops: [], certificate: CertificateLine(daysLeft: 89.9, expiresUnixSeconds: 1_803_000_000),
    dataPlane: DataPlaneLine(
      capture: "NFQUEUE 2247 and 35015, TCP in super-packets", injection: "libnet, link context, super-packets",
      cryptography: "AES-256-GCM by BoringSSL"),
    convergence: Convergence(converged: true), health: [])

  static let peers = PeersView(peers: [
    PeerLine(
      site: "nwu", node: nwu, state: .up, role: .public, path: .direct, via: "198.18.0.2:2247", cipher: "aes256gcm",
      sessionAgeSeconds: 61, heardSecondsAgo: 0.4, rttMs: 27.8, sentPackets: 120, sentBytes: 168_000,
      receivedPackets: 90, receivedBytes: 999, softwareVersion: "0.1.0"),
    PeerLine(
      site: "pu", node: pu, state: .suspect, role: .limited, path: .relay, via: "nwu", sentPackets: 0, sentBytes: 0,
      receivedPackets: 0, receivedBytes: 0, softwareVersion: ""),
  ])

  static let vines = VinesView(vines: [
    VineLine(
      name: "physics", networkId: 1, creator: "uf", takesPart: true, participants: ["nwu", "pu", "uf"],
      localHosts: ["172.16.0.11"], gndtEntries: 3, gndtAddresses: 12, agreement: physics),
    VineLine(
      name: "biology", networkId: 2, creator: "nwu", takesPart: false, participants: ["nwu", "osaka", "pu", "tokyo"],
      localHosts: [], gndtEntries: 2, gndtAddresses: 2, disputedAddresses: 1, agreement: biology),
  ])

  static let gndt = GNDTView(tables: [
    GNDTTable(
      name: "physics", networkId: 1, version: "v7.4", digest: "9f3a01c255d0e17b",
      entries: [
        GNDTEntry(first: "172.16.0.11", last: "172.16.0.11", site: "uf", node: uf),
        GNDTEntry(first: "172.16.1.11", last: "172.16.1.20", site: "nwu", node: nwu),
      ]),
    GNDTTable(name: "biology", networkId: 2, version: "v9.0", digest: "cbf29ce484222325", entries: []),
  ])

  static let lndt = LNDTView(hosts: [
    LNDTHost(address: "172.16.0.11", vines: ["physics"]),
    LNDTHost(address: "172.16.0.12", vines: ["physics", "biology"]),
  ])

  static let blocks = BlocksView(
    space: "172.16.0.0/12",
    blocks: [
      BlockLine(block: "172.16.0.0/24", site: "uf", node: uf, isOwn: true),
      BlockLine(block: "172.16.1.0/24", site: "nwu", node: nwu, isOwn: false),
      BlockLine(block: "172.16.2.0/27", site: "nwu", node: nwu, isOwn: false, vine: "physics"),
    ],
    keptFree: [
      KeptBlockLine(block: "172.16.16.0/20", why: "uf grants from it while it is cut off from the majority"),
      KeptBlockLine(
        block: "172.16.4.0/24", why: "pu had it, and may not know that it lost it", secondsLeft: 7260),
    ], freeAddresses: 1_043_680)

  static let voters = VotersView(
    state: .leader, term: 4, leader: "uf", commitIndex: 17, appliedIndex: 17, quorum: 2, hasQuorum: false,
    voters: [
      VoterLine(
        site: "nwu", node: nwu, isLeader: false, isUp: false,
        why: "public and steady, so that more losses are survived", matchIndex: 12),
      VoterLine(site: "uf", node: uf, isLeader: true, isUp: true, why: "founded the mesh"),
    ])

  static let map = MapView(
    site: "pu", meshName: "demo",
    vrs: [
      MapVR(
        site: "nwu", node: nwu, state: .up, stateSeconds: 61, role: .public, endpoints: ["198.18.0.2:2247"],
        path: .direct,
        isVoter: true, secondVR: "nwu2", blocks: ["172.16.1.0/24"], vines: ["physics", "biology"],
        softwareVersion: "0.1.0"),
      MapVR(
        site: "nwu2", node: nwu, state: .unknown, role: .unknown, path: PathKind.none, standsInFor: "nwu"),
      MapVR(
        site: "pu", node: pu, isSelf: true, state: .up, role: .limited, queueVR: "nwu", blocks: ["172.16.2.0/24"],
        vines: ["physics"], softwareVersion: "0.1.0"),
      MapVR(
        site: "uf", node: uf, state: .down, stateSeconds: 12.5, role: .public, endpoints: ["198.18.0.1:2247"],
        path: .relay, via: "nwu", isVoter: true, isLeader: true, blocks: ["172.16.0.0/24"], vines: ["physics"],
        softwareVersion: "0.1.0"),
    ],
    links: [
      MapLink(from: "nwu", to: "pu", bandwidthMbps: 63.1), MapLink(from: "nwu", to: "uf", bandwidthMbps: 17.5),
    ])

  static let explained = ExplainView(
    source: "172.16.2.10", destination: "172.16.0.10", verdict: .delivered, vine: "physics",
    steps: [
      ExplainStep(
        site: "pu", rule: "space", text: "172.16.0.10 is in the virtual space 172.16.0.0/12", passes: true),
      ExplainStep(site: "pu", rule: "LNDT", text: "172.16.2.10 is in physics", passes: true),
      ExplainStep(
        site: "pu", rule: "GNDT", text: "172.16.0.10 is at uf, in physics", passes: true, version: "v7.4"),
      ExplainStep(
        site: "pu", rule: "path",
        text: "through the queue-VR nwu to uf, AES-256-GCM, up to 1388 bytes in one piece, MSS 1348", passes: true),
      ExplainStep(site: "uf", rule: "LNDT", text: "172.16.0.10 gets it", passes: true, version: "v7.4"),
    ])

  static let examined = DoctorView(findings: [
    Finding(
      "space", .error, "the route 172.17.0.0/16 on docker0 lies in the virtual space 172.16.0.0/12",
      mend:
        "move that network (Docker: `bip` and `default-address-pools`), or set `mirror: {172.17.0.0/16: 10.117.0.0}`"),
    Finding("rules", .ok, "the VR's netfilter rules are all there"),
    Finding("capture", .ok, "NFQUEUE hands over packets", evidence: "queues 2247, 35015"),
    Finding(
      "clock", .notice, "the kernel does not know whether the clock is right; certificates and invitations go by it",
      mend: "timedatectl set-ntp true, or install chrony"),
    Finding("hosts", .ok, "1 of 2 hosts of the LNDT have their alias and route"),
    Finding(
      "hosts", .warning, "172.16.2.10 has its alias and no route for the virtual space",
      evidence: "02:00:00:00:00:09 answers the VR, and nobody behind it",
      mend: "run on the host what `vine-mesh host setup 172.16.2.10` prints"),
  ])

  static let refused = ExplainView(
    source: "172.16.2.10", destination: "172.16.1.10", verdict: .dropped,
    steps: [
      ExplainStep(
        site: "pu", rule: "space", text: "172.16.1.10 is in the virtual space 172.16.0.0/12", passes: true),
      ExplainStep(site: "pu", rule: "LNDT", text: "172.16.2.10 is in physics", passes: true),
      ExplainStep(
        site: "pu", rule: "GNDT", text: "172.16.1.10 is not in physics", passes: false, version: "v7.4"),
    ], reason: "noGNDTEntry", explanation: "no ViNe of the sending host has the destination",
    mend: "put both hosts into one ViNe: vine-mesh status gndt")

  static let links = LinksView(links: [
    LinkLine(
      from: "pu", to: "nwu", path: .direct, via: "198.18.0.2:2247", rttMs: 6.82, lossPercent: 0, bandwidthMbps: 63.1,
      outMbps: 63.1, inMbps: 64.9, confidencePercent: 91, measuredSecondsAgo: 12, innerMtu: 1436),
    LinkLine(
      from: "pu", to: "uf", path: .relay, via: "nwu", rttMs: 34.6, innerMtu: 1388,
      lastError: "no answer from 2 endpoints", lastErrorSecondsAgo: 40),
    LinkLine(from: "uf", to: "nwu", bandwidthMbps: 17.5),
  ])

  static let relay = RelayView(
    role: .limited, roleReason: "no dial-back arrived in 3 s",
    nat: "endpoint-independent mapping, address and port-dependent filtering",
    seenAs: ["198.18.3.2:2247 by nwu", "198.18.3.2:2247 by uf"], queueVR: atPU.queueVR, standby: "uf", margin: 3.09,
    candidates: [
      RelayCandidate(
        site: "nwu", node: nwu, endpoint: "198.18.0.2:2247", isChosen: true, bandwidthMbps: 63.1,
        measuredSecondsAgo: 12,
        pairs: [
          RelayPair(peer: "uf", bandwidthMbps: 17.5, narrowest: "peer"),
          RelayPair(peer: "nwu", bandwidthMbps: 63.1, narrowest: "own"),
        ], note: "serves 2 more"),
      RelayCandidate(
        site: "uf", node: uf, endpoint: "198.18.0.1:2247", isChosen: false, bandwidthMbps: 20.4,
        measuredSecondsAgo: 15,
        pairs: [
          RelayPair(peer: "nwu", bandwidthMbps: 17.5, narrowest: "peer"),
          RelayPair(peer: "uf", bandwidthMbps: 20.4, narrowest: "own"),
        ]),
    ],
    served: [ServedVR(site: "pu", node: pu, channelOpen: false, forwardedFrames: 7, forwardedBytes: 9100)])

  static let queues = QueuesView(
    capture: CaptureQueue(
      queueNumber: 2247, capturedPackets: 81_000, kernelDroppedPackets: 40, injectedPackets: 80_100),
    relay: [
      RelayQueue(
        site: "pu", node: pu, queuedFrames: 4, queuedBytes: 5600, limitBytes: 4_194_304, oldestMs: 120.4,
        forwardedFrames: 7, expiredFrames: 1, overflowFrames: 0)
    ])

  static let certs = CertsView(
    meshId: "3f9c21ab",
    own: CertLine(subject: "uf", notBeforeUnixSeconds: 1_795_000_000, expiresUnixSeconds: 1_802_776_000, daysLeft: 1.5),
    authority: CertLine(
      subject: "demo", notBeforeUnixSeconds: 1_795_000_000, expiresUnixSeconds: 2_110_360_000, daysLeft: 3649.9),
    authorityKey: .plain, renewsUnixSeconds: 1_800_184_000, signers: ["nwu", "uf"],
    problem: "nwu, which holds the authority's key, is not reached")

  static let drops = DropsView(drops: [
    DropReasonLine(
      reason: "noGNDTEntry", total: 40, lastMinute: 12, explanation: "nobody in the source's ViNe has the destination",
      mend: "vine-mesh host add at the destination's site", lastSource: "172.16.2.10",
      lastDestination: "172.16.1.10", lastSecondsAgo: 4),
    DropReasonLine(reason: "replayed", total: 0, lastMinute: 0, explanation: "the frame came twice"),
  ])
}
