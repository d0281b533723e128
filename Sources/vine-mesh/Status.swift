import ArgumentParser
import Foundation
import VineBase
import VineControl

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows this VR on one screen, or one view of it in full.",
    discussion: "Exits with 1 if the screen shows an error.", examples: "vine-mesh status",
    "vine-mesh status peers --watch", "vine-mesh status drops --json")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case map, peers, vines, gndt, lndt, blocks, voters, links, relay, queues, certs, drops
  }

  @Argument(help: "One view instead of the screen.")
  var view: Part?

  @Flag(help: "With `relay`: what each peer gets through each candidate, and what decided.")
  var why = false

  @OptionGroup var query: QueryOptions

  func validate() throws {
    guard !why || view == .relay else { throw ValidationError("--why goes with `status relay`") }
  }

  func run() async throws {
    switch view {
    case nil:
      guard try await query.show(StatusView.self).isHealthy else { throw ExitCode(ExitStatus.failed.rawValue) }
    case .map: try await query.show(MapView.self)
    case .peers: try await query.show(PeersView.self)
    case .vines: try await query.show(VinesView.self)
    case .gndt: try await query.show(GNDTView.self)
    case .lndt: try await query.show(LNDTView.self)
    case .blocks: try await query.show(BlocksView.self)
    case .voters: try await query.show(VotersView.self)
    case .links: try await query.show(LinksView.self)
    case .relay: try await query.showRelay(why: why)
    case .queues: try await query.show(QueuesView.self)
    case .certs: try await query.show(CertsView.self)
    case .drops: try await query.show(DropsView.self)
    }
  }
}
