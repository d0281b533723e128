import Foundation
import Synchronization
import UnixSignals
import VineControl
import VineRouter

/// The configuration, read again while the VR runs: `vine-mesh reload`, or SIGHUP. What can change without touching traffic
/// does; for the rest the operator is told that it needs a restart.
final class Reload: Sendable {
  private let path: String
  private let loop: ControlLoop
  private let level: LogLevel
  private let log: EventLog
  private let manager: ServiceManager?
  /// What the daemon goes by.
  private let current: Mutex<Configuration>

  init(
    path: String, current: Configuration, loop: ControlLoop, level: LogLevel, log: EventLog,
    manager: ServiceManager? = nil
  ) {
    (self.path, self.loop, self.level, self.log, self.manager) = (path, loop, level, log, manager)
    self.current = Mutex(current)
  }

  /// A file that is wrong changes nothing.
  /// - Throws: `HostError` 78.
  func now() throws(HostError) -> ReloadAnswer {
    manager?.tell(.reloading(Clock.now))
    defer { manager?.tell(.ready) }
    let read: Configuration
    do { read = try Configuration.load(from: path) } catch {
      log.tell(.configurationRefused, "configuration not read: \(error.line)")
      throw error
    }
    let answer = current.withLock { current in
      let changes = Changes(from: current, to: read)
      if changes.applied.contains("policy") { loop.post(.policyChanged(read.policy)) }
      if current.succession != read.succession { loop.post(.successionChanged(read.succession)) }
      if changes.applied.contains("endpoints") { loop.post(.endpointsDeclared(read.endpoints)) }
      if changes.applied.contains("logLevel") { level.value = read.level }
      // What waits for a restart is told again the next time.
      (current.policy, current.succession, current.logLevel) = (read.policy, read.succession, read.logLevel)
      if changes.applied.contains("endpoints") { current.endpoints = read.endpoints }
      return ReloadAnswer(changed: changes.applied, needRestart: changes.waiting)
    }
    log.tell(
      .configurationRead, "configuration read again",
      ["changed": answer.changed.joined(separator: " "), "needRestart": answer.needRestart.joined(separator: " ")])
    return answer
  }

  /// Until cancelled.
  func onHangup() async {
    for await _ in await UnixSignalsSequence(trapping: .sighup) {
      // What went wrong is told by then.
      _ = try? now()
    }
  }

  /// By the names of the keys, sorted.
  struct Changes: Hashable {
    private(set) var applied: [String] = []
    private(set) var waiting: [String] = []

    init(from old: Configuration, to new: Configuration) {
      if old.policy != new.policy { applied.append("policy") }
      if old.succession.secondVR != new.succession.secondVR { applied.append("secondVR") }
      if old.succession.standsInFor != new.succession.standsInFor { applied.append("standsInFor") }
      if old.logLevel != new.logLevel { applied.append("logLevel") }
      if old.endpoints != new.endpoints {
        // Without declared ones the VR would have to find out anew what it is.
        if new.endpoints.isEmpty { waiting.append("endpoints") } else { applied.append("endpoints") }
      }
      let others: [(String, Bool)] = [
        ("mesh", old.mesh != new.mesh), ("site", old.site != new.site), ("lan", old.lan != new.lan),
        ("port", old.port != new.port), ("bootstrap", old.bootstrap != new.bootstrap),
        ("queueNumber", old.queueNumber != new.queueNumber), ("leaveAlone", old.leaveAlone != new.leaveAlone),
        ("mirror", old.mirror != new.mirror), ("directPaths", old.directPaths != new.directPaths),
        ("dataPlane", old.dataPlane != new.dataPlane), ("suites", old.suites != new.suites),
        ("api", old.api != new.api), ("dashboard", old.dashboard != new.dashboard),
      ]
      waiting += others.filter(\.1).map(\.0)
      applied.sort()
      waiting.sort()
    }
  }
}
