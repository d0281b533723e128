import ArgumentParser
import Foundation
import VineBase
import VineControl

struct Events: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what happened at this VR, oldest first.",
    discussion: """
      The daemon remembers the last thousand events of level info and above since its start; its log has all. Ids keep their \
      meaning, messages may change: docs/reference/events.md has a line for each.
      """,
    examples: "vine-mesh events --since 10m --level warning",
    "vine-mesh events --follow --json --kind member --kind queueVR")

  @Flag(help: "Goes on with what happens, until interrupted; also across a restart of the daemon.")
  var follow = false

  @Option(help: "Only what is younger, as in 90s, 10m or 2h.")
  var since: Span?

  @Option(
    name: .customLong("kind"), parsing: .singleValue,
    help: "Only events of this id, or of ids that begin with it and a dot; may be repeated.",
    completion: .list(EventKind.allCases.map(\.rawValue)))
  var kinds: [String] = []

  @Option(help: "Only this level and worse: debug, info, notice, warning or error.")
  var level = EventLevel.debug

  @OptionGroup var daemon: DaemonOptions
  @OptionGroup var output: OutputOptions

  /// What one question waits for an event.
  private static let patience = 20
  private static let pause = Duration.seconds(1)

  func validate() throws {
    for kind in kinds where !EventsQuery.isKind(kind) {
      throw ValidationError("no event is of the kind `\(kind)`")
    }
  }

  func run() async throws {
    var query = EventsQuery()
    (query.kinds, query.level) = (kinds, level)
    query.sinceUnixSeconds = since.map { Date().timeIntervalSince1970 - $0.duration.inSeconds }
    let whole = try daemon.client()
    var answer = try await whole.events(query)
    try show(answer)
    var newest = answer.events.last.map { $0.unixSeconds.nextUp } ?? Date().timeIntervalSince1970
    let patient = ControlClient(socket: whole.socket, timeout: whole.timeout + .seconds(Self.patience))
    query.waitSeconds = Double(Self.patience)
    query.after = answer.lastSequence
    while follow {
      do throws(ControlError) {
        answer = try await patient.events(query)
      } catch {
        // A daemon that starts again is waited for; it counts from 1, so only time tells what is new.
        guard error.exitCode != ExitStatus.permission.rawValue else { throw error }
        Output.progress(error.message)
        query.after = nil
        query.sinceUnixSeconds = max(newest, query.sinceUnixSeconds ?? 0)
        try await Task.sleep(for: Self.pause)
        continue
      }
      try show(answer)
      query.after = answer.lastSequence
      newest = answer.events.last.map { $0.unixSeconds.nextUp } ?? newest
    }
  }

  private func show(_ answer: EventsView) throws {
    if answer.forgotten > 0 {
      Output.ask("vine-mesh: \(answer.forgotten) events are forgotten: see the daemon's log\n")
    }
    for event in answer.events {
      Output.progress("")
      let line = output.json ? String(decoding: try event.document(), as: UTF8.self) : event.line(output.palette)
      Output.write(line + "\n")
    }
  }
}

extension EventLevel: ExpressibleByArgument {}
