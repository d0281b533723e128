import ArgumentParser
import Foundation
import VineBase
import VineDataPlane
import VineSession

/// What many peers cost that nothing is exchanged with.
struct Idle: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what a data plane costs whose peers are idle.",
    discussion: """
      Runs a whole data plane on this machine, with a session and a path for each peer: in a network namespace of its \
      own, as root.
      """)

  @Option(help: "Interface to the site's hosts.")
  var lan = "lan"

  @Option(help: "How many, at most 100000.")
  var peers = 1000

  @Option(help: "How long.")
  var seconds = 10.0

  func validate() throws {
    guard (1...100_000).contains(peers) else { throw ValidationError("--peers is 1 to 100000") }
    guard seconds > 0, seconds <= 600 else { throw ValidationError("--seconds is more than 0 and at most 600") }
  }

  func run() throws {
    let plane = try DataPlane(
      configuration: DataPlaneConfiguration(node: Nodes.numbered(0), lanInterface: lan)
    ) { _ in }
    plane.start()
    defer { plane.stop() }
    var keys = SeededEphemeralKeys(seed: 1)
    for number in 1...peers {
      let endpoint = Endpoint(address: IPv4Address(rawValue: 0xC612_0000 + UInt32(number)))
      let index = UInt32(number)
      plane.post(
        .install(
          EstablishedSession(
            peer: AuthenticatedPeer(node: Nodes.numbered(number), isGuest: false, credential: []),
            carrier: .datagram(endpoint),
            suite: CipherSuite.available[0], sendKey: keys.bytes(CipherSuite.keyByteCount),
            receiveKey: keys.bytes(CipherSuite.keyByteCount), localIndex: index,
            remoteIndex: index, isInitiator: false, handshakeHash: [])))
      plane.post(.path(Nodes.numbered(number), .datagram(endpoint)))
    }
    // Until all is carried out.
    Thread.sleep(forTimeInterval: 1)
    let (before, start) = (processorSeconds, MonotonicClock.now)
    Thread.sleep(forTimeInterval: seconds)
    let passed = Double((MonotonicClock.now - start).inNanoseconds) / 1e9
    let figures = Figures(
      peers: peers, processorPercent: (processorSeconds - before) / passed * 100, residentMebibytes: resident)
    try Output.json(figures)
  }

  private struct Figures: Encodable {
    let peers: Int
    let processorPercent, residentMebibytes: Double
  }

  /// Of the whole process, in user and kernel.
  private var processorSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }

  private var resident: Double {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
  }
}
