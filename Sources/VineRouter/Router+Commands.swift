import VineBase
import VineRegistry

/// Commands on ViNes that wait for facts: a command is answered when it counts at this VR, so that the next command
/// finds what this one did.
struct PendingCommands: Sendable {
  /// A ViNe was decided on, and the decision is still on its way to this VR.
  struct Decided: Sendable {
    let request: RequestID
    let network: NetworkID
    let answer: LocalAnswer
    let deadline: Instant
  }

  /// A ViNe of that name is not known here: it may have been created elsewhere a moment ago.
  struct Unknown: Sendable {
    let request: RequestID
    let name: VineName
    let deadline: Instant
  }

  /// What is decided is answered after this at the latest, and facts that did not come by then come later.
  static let patience = Duration.seconds(2)
  /// A name that nobody knows after this is refused: news reach a thousand VRs sooner.
  static let patienceForName = Duration.milliseconds(1500)
  /// Commands that wait for a name; more are refused at once.
  static let unknownMax = 64

  var decided: [Decided] = []
  var unknown: [Unknown] = []
  var straightWays = StraightWays()

  var nextWakeup: Wakeup? {
    let due = (decided.map(\.deadline) + unknown.map(\.deadline)).min()
    return due.map { Wakeup(at: $0, reason: "commands that wait for facts") }
  }
}

extension Router {
  /// A ViNe that this site takes part in from now on: answered when this VR knows it.
  mutating func answer(_ request: RequestID, _ answer: LocalAnswer, whenPartOf network: NetworkID, _ turn: inout Turn) {
    guard !directory.view.takesPart(node, in: network) else { return turn.emit(.answer(request, .success(answer))) }
    commands.decided.append(
      PendingCommands.Decided(
        request: request, network: network, answer: answer, deadline: turn.now + PendingCommands.patience))
  }

  mutating func joinVine(_ name: VineName, _ id: RequestID, _ turn: inout Turn) {
    if let denied = refusesByPolicy(name) { return refuse(id, denied, &turn) }
    if let network = directory.view.vine(named: name) {
      // They hear of this site when it is decided; the session stands by then.
      meet([network], isFirst: true, &turn)
      return propose(.takePart(network), for: .request(id, .part(name)), &turn)
    }
    guard commands.unknown.count < PendingCommands.unknownMax else { return refuse(id, .unknownVine(name), &turn) }
    commands.unknown.append(
      PendingCommands.Unknown(request: id, name: name, deadline: turn.now + PendingCommands.patienceForName))
  }

  /// Facts came, or time is over.
  mutating func lookAfterCommands(_ turn: inout Turn) {
    let decided = commands.decided
    commands.decided = decided.filter { $0.deadline > turn.now && !directory.view.takesPart(node, in: $0.network) }
    for command in decided where command.deadline <= turn.now || directory.view.takesPart(node, in: command.network) {
      turn.emit(.answer(command.request, .success(command.answer)))
    }
    let unknown = commands.unknown
    commands.unknown = unknown.filter { $0.deadline > turn.now && directory.view.vine(named: $0.name) == nil }
    for command in unknown {
      if directory.view.vine(named: command.name) != nil {
        joinVine(command.name, command.request, &turn)
      } else if command.deadline <= turn.now {
        refuse(command.request, .unknownVine(command.name), &turn)
      }
    }
  }
}
