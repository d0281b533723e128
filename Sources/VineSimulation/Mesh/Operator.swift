import VineBase
import VineRouter

/// Somebody who gives `vine-mesh` commands at one site, each when the one before was answered.
///
/// A command takes no time of its own: what the program needs to start is not simulated.
struct Operator: Sendable {
  /// Index of the site's VR.
  let site: Int
  /// Still to be given, in order.
  private(set) var commands: ArraySlice<LocalRequest>
  private var waiting: RequestID?
  /// When a refused command is given again.
  private var pause: Int64 = 0
  /// Answers that were no success; the command is given again.
  private(set) var refusals: [RequestFailure] = []

  /// Between a refusal and the next try.
  static let pauseAfterRefusal = Duration.milliseconds(100)

  init(site: Int, commands: [LocalRequest]) {
    self.site = site
    self.commands = commands[...]
  }

  var isDone: Bool { commands.isEmpty }

  /// Looks whether the answer has come, and gives the next command.
  mutating func work(in world: inout World) {
    while let command = commands.first {
      if let waiting {
        guard let answer = world.takeAnswer(waiting) else { return }
        self.waiting = nil
        switch answer {
        case .success: commands.removeFirst()
        case .failure(let failure):
          refusals.append(failure)
          pause = world.now + Self.pauseAfterRefusal.inNanoseconds
        }
        continue
      }
      guard pause <= world.now else { return }
      waiting = world.ask(command, at: site)
    }
  }
}
