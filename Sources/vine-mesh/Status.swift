import ArgumentParser
import Foundation
import VineBase
import VineControl

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows this VR on one screen, or one view of it in full.",
    discussion: "Exits with 1 if the screen shows an error.")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case peers, vines, gndt, lndt, blocks, voters, links, relay, queues, certs, drops
  }

  @Argument(help: "One view instead of the screen.")
  var view: Part?

  @OptionGroup var query: QueryOptions

  func run() async throws {
    switch view {
    case nil:
      guard try await query.show(StatusView.self).isHealthy else { throw ExitCode(ExitStatus.failed.rawValue) }
    case .peers: try await query.show(PeersView.self)
    case .vines: try await query.show(VinesView.self)
    case .gndt: try await query.show(GNDTView.self)
    case .lndt: try await query.show(LNDTView.self)
    case .blocks: try await query.show(BlocksView.self)
    case .voters: try await query.show(VotersView.self)
    case .links: try await query.show(LinksView.self)
    case .relay: try await query.show(RelayView.self)
    case .queues: try await query.show(QueuesView.self)
    case .certs: try await query.show(CertsView.self)
    case .drops: try await query.show(DropsView.self)
    }
  }
}

struct Wait: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Waits until this VR sees the mesh settled.",
    discussion: "Exits with 4 if that does not happen within --timeout, and with 3 if no daemon answers until then.")

  @Flag(help: "Until every VR that is up agrees on the tables of the ViNes that it takes part in.")
  var converged = false

  @Option(help: "The mesh whose daemon is asked; needed only where this machine is in several.")
  var mesh: String?

  @Option(help: "The daemon's socket, where it is not the mesh's standard one.")
  var socket: String?

  @Option(help: "Gives up after this time, as in 10s or 2m.")
  var timeout = Span(.seconds(60))

  func run() async throws {
    guard converged else {
      throw ControlError("there is nothing to wait for", mend: "say what: `vine-mesh wait --converged`", .usage)
    }
    var daemon = DaemonOptions()
    (daemon.mesh, daemon.socket, daemon.timeout) = (mesh, socket, timeout)
    let whole = try daemon.client()
    let clock = ContinuousClock()
    let end = clock.now + timeout.duration
    while true {
      let left = clock.now.duration(to: end)
      let attempt = ControlClient(socket: whole.socket, timeout: max(left, .milliseconds(1)))
      let obstacle = await obstacle(attempt)
      guard let obstacle else { return }
      let isLast = clock.now.duration(to: end) <= Self.pause
      // A daemon that is starting is waited for; one that may not be asked will not change its mind.
      guard !isLast, obstacle.exitCode != ExitStatus.permission.rawValue else { throw obstacle }
      try await Task.sleep(for: Self.pause)
    }
  }

  private static let pause = Duration.milliseconds(250)

  /// What is in the way of convergence; nil if nothing is.
  private func obstacle(_ client: ControlClient) async -> ControlError? {
    do throws(ControlError) {
      let convergence = try await client.view(StatusView.self).convergence
      guard !convergence.converged else { return nil }
      let reasons = convergence.waitingFor.isEmpty ? ["the mesh to settle"] : convergence.waitingFor
      let limit = Measure.duration(timeout.duration.inSeconds)
      return ControlError(
        "not converged after \(limit), waiting for \(reasons.joined(separator: "; "))",
        mend: "look at `vine-mesh status`, or give a longer --timeout", .notConverged)
    } catch {
      return error
    }
  }
}
