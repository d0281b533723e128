import Testing
import VineBase
import VinePath

@Suite struct PathChoiceTests {
  @Test(arguments: [Role.public, .unknown])
  func `a public peer is reached by datagram at its first endpoint`(own: Role) {
    let peer = reach(1, .public, [endpoint("198.18.0.1:2247"), endpoint("198.18.0.1:9")])
    #expect(PathChoice.carrier(to: peer, own: .init(role: own)) == .datagram(endpoint("198.18.0.1:2247")))
  }

  @Test func `a peer whose channel is open here is reached over it, whatever its record says`() {
    let own = OwnReachability(role: .public, channels: [node(1): channel])
    for role in Role.allCases {
      let peer = reach(1, role, [endpoint("198.18.0.1:2247")], queueVR: node(2))
      #expect(PathChoice.carrier(to: peer, own: own) == .channel(channel))
    }
  }

  @Test func `a limited peer is reached through its queue-VR`() {
    let peer = reach(1, .limited, [], queueVR: node(2))
    let carrier = PathChoice.carrier(to: peer, own: .init(role: .public))
    #expect(carrier == .relayed(by: node(2), peer: node(1).tag))
  }

  @Test func `a limited peer without a queue-VR and a public one without an endpoint are out of reach`() {
    #expect(PathChoice.carrier(to: reach(1, .limited, [endpoint("10.0.0.1")]), own: .init(role: .public)) == nil)
    #expect(PathChoice.carrier(to: reach(1, .public, []), own: .init(role: .public)) == nil)
    #expect(PathChoice.carrier(to: reach(1, .limited, [], queueVR: node(1)), own: .init(role: .public)) == nil)
  }

  @Test func `a limited VR reaches its queue-VR over its channel and everybody else through it`() {
    let own = OwnReachability(role: .limited, queueVR: node(2), channel: channel)
    let everybody = [
      reach(1, .public, [endpoint("198.18.0.1")]), reach(1, .unknown, []), reach(1, .limited, [], queueVR: node(3)),
    ]
    #expect(PathChoice.carrier(to: reach(2, .public, [endpoint("198.18.0.2")]), own: own) == .channel(channel))
    for peer in everybody {
      #expect(PathChoice.carrier(to: peer, own: own) == .relayed(by: node(2), peer: node(1).tag))
    }
  }

  @Test func `a limited VR whose channel is closed reaches nobody`() {
    let peer = reach(1, .public, [endpoint("198.18.0.1")])
    #expect(PathChoice.carrier(to: peer, own: .init(role: .limited, queueVR: node(2))) == nil)
    #expect(PathChoice.carrier(to: peer, own: .init(role: .limited, channel: channel)) == nil)
  }

  private let channel = ChannelID(rawValue: 5)

  private func reach(_ byte: UInt8, _ role: Role, _ endpoints: [Endpoint], queueVR: NodeID? = nil) -> PeerReachability {
    PeerReachability(node: node(byte), role: role, endpoints: endpoints, queueVR: queueVR)
  }
}
