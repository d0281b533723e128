import ArgumentParser
import Foundation
import VineBase
import VineControl

struct Wait: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Waits until this VR sees the mesh settled.",
    discussion: """
      On a terminal it shows meanwhile who is behind. Exits with 4 if the mesh does not settle within --timeout, and \
      with 3 if no daemon answers until then.
      """, examples: "vine-mesh wait --converged --timeout 30s")

  @Flag(help: "Until all VRs that are up agree on the tables of all ViNes, and nobody is suspected to be down.")
  var converged = false

  @OptionGroup var daemon: SocketOptions

  @Option(help: "Gives up after this time, as in 10s or 2m.")
  var timeout = Span(.seconds(60))

  func run() async throws {
    guard converged else {
      throw ControlError("there is nothing to wait for", mend: "say what: `vine-mesh wait --converged`", .usage)
    }
    let whole = try daemon.client(timeout: timeout.duration)
    let clock = ContinuousClock()
    let end = clock.now + timeout.duration
    defer { Output.progress("") }
    while true {
      let left = clock.now.duration(to: end)
      let attempt = ControlClient(socket: whole.socket, timeout: max(left, .milliseconds(1)))
      let obstacle = await obstacle(attempt)
      guard let obstacle else { return }
      Output.progress(obstacle.short)
      let isLast = clock.now.duration(to: end) <= Self.pause
      // A daemon that is starting is waited for; one that may not be asked will not change its mind.
      guard !isLast, obstacle.error.exitCode != ExitStatus.permission.rawValue else { throw obstacle.error }
      try await Task.sleep(for: Self.pause)
    }
  }

  private static let pause = Duration.milliseconds(250)

  private struct Obstacle {
    /// One line for a terminal, without the mend.
    let short: String
    let error: ControlError
  }

  /// What is in the way of convergence; nil if nothing is.
  private func obstacle(_ client: ControlClient) async -> Obstacle? {
    do throws(ControlError) {
      let convergence = try await client.view(StatusView.self).convergence
      guard !convergence.converged else { return nil }
      let reasons = convergence.waitingFor.isEmpty ? ["the mesh to settle"] : convergence.waitingFor
      let limit = Measure.duration(timeout.duration.inSeconds)
      let waiting = "waiting for \(reasons.joined(separator: "; "))"
      let error = ControlError(
        "not converged after \(limit), \(waiting)", mend: "look at `vine-mesh status`, or give a longer --timeout",
        .notConverged)
      return Obstacle(short: waiting, error: error)
    } catch {
      return Obstacle(short: error.message, error: error)
    }
  }
}
