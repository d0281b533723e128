import VineBase
import VineControl
import VineRouter

/// Has the registry decide things that change nothing, one after the other by each of several clients.
struct RegistryCheck {
  let clients: Int
  let seconds: Int

  init(clients: Int, seconds: Int) throws(RequestFailure) {
    guard (1...CheckBody.clientsMax).contains(clients), (1...CheckBody.secondsMax).contains(seconds) else {
      throw RequestFailure(
        "a check has 1 to \(CheckBody.clientsMax) clients and takes 1 to \(CheckBody.secondsMax) seconds",
        mend: "give other --clients or --seconds", .usage)
    }
    (self.clients, self.seconds) = (clients, seconds)
  }

  private struct Share: Sendable {
    var times: [Duration] = []
    var unanswered = 0
  }

  func run(on loop: ControlLoop) async throws(RequestFailure) -> CheckAnswer {
    let began = Clock.now
    let end = began + .seconds(Int64(seconds))
    let results = await withTaskGroup { group in
      for _ in 0..<clients { group.addTask { await Self.ask(loop, until: end) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let seconds = (Clock.now - began).inSeconds
    var whole = Share()
    for result in results {
      let share = try result.get()
      whole.times += share.times
      whole.unanswered += share.unanswered
    }
    whole.times.sort()
    let percentile: (Int) -> Double? = { share in
      whole.times.isEmpty ? nil : whole.times[(whole.times.count - 1) * share / 100].inSeconds * 1000
    }
    return CheckAnswer(
      clients: clients, seconds: seconds, decisions: whole.times.count, unanswered: whole.unanswered,
      medianMilliseconds: percentile(50), p99Milliseconds: percentile(99))
  }

  /// One client. What nobody answers counts; a refusal ends the check.
  private static func ask(_ loop: ControlLoop, until end: Instant) async -> Result<Share, RequestFailure> {
    var share = Share()
    while Clock.now < end, !Task.isCancelled {
      let asked = Clock.now
      switch await loop.request(.decideNothing) {
      case .success: share.times.append(Clock.now - asked)
      case .failure(let failure) where failure.kind == .unanswered: share.unanswered += 1
      case .failure(let failure): return .failure(failure)
      }
    }
    return .success(share)
  }
}
