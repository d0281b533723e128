import CLinuxShim
import Dispatch
import Foundation
import Logging
import Synchronization
import VineBase
import VineDataPlane
import VineRaft
import VineRouter

/// The control thread: owns the router, feeds it what happens, and carries out what it answers.
public final class ControlLoop: Sendable {
  private enum Message: Sendable {
    case input(RouterInput)
    case look(@Sendable (inout Router) -> Void)
    case stop(keepsGateways: Bool)
  }

  private let mailbox = Mutex<[Message]>([])
  private let bell = DispatchSemaphore(value: 0)
  private let stopped = DispatchSemaphore(value: 0)
  private let answers = Mutex<[RequestID: CheckedContinuation<Result<LocalAnswer, RequestFailure>, Never>]>([:])
  private let nextRequest = Atomic<UInt64>(1)

  public init() {}

  /// Starts the thread. `runner` lives and dies on it.
  func start(router: Router, runner: consuming EffectRunner, onFailure: @escaping @Sendable (HostError) -> Void) {
    let start = Start(router: router, runner: runner)
    let thread = Thread { [self] in
      // The name that `top -H` shows, beside vine-data.
      vine_name_thread("vine-control")
      var (router, runner) = (start.router, start.runner)
      var backlog: [Message] = []
      let keepsGateways: Bool
      do throws(HostError) {
        keepsGateways = try run(&router, &runner, &backlog)
      } catch {
        onFailure(error)
        keepsGateways = answerAfter(error, &router, &backlog)
      }
      if !keepsGateways { runner.close() }
      stopped.signal()
    }
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// Ends the thread after what is in the mailbox; returns when it has ended.
  /// - Parameter keepsGateways: the VR's addresses stay on the machine, for the next daemon.
  public func stop(keepsGateways: Bool = false) {
    post(.stop(keepsGateways: keepsGateways))
    stopped.wait()
  }

  public func post(_ input: RouterInput) { post(.input(input)) }

  /// Asks the router for something and waits for the registry's answer.
  public func request(_ request: LocalRequest) async -> Result<LocalAnswer, RequestFailure> {
    let id = RequestID(rawValue: nextRequest.wrappingAdd(1, ordering: .relaxed).oldValue)
    return await withCheckedContinuation { continuation in
      answers.withLock { $0[id] = continuation }
      post(.input(.request(id, request)))
    }
  }

  /// Looks at the router on its own thread.
  public func look<Value: Sendable>(_ body: @escaping @Sendable (Router) -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      post(.look { router in continuation.resume(returning: body(router)) })
    }
  }

  private func post(_ message: Message) {
    mailbox.withLock { $0.append(message) }
    bell.signal()
  }

  /// - Parameter backlog: messages taken from the mailbox and not handled yet, the next one last.
  /// - Returns: whether the gateways stay.
  private func run(
    _ router: inout Router, _ runner: inout EffectRunner, _ backlog: inout [Message]
  ) throws(HostError) -> Bool {
    try handle(.start, &router, &runner)
    while true {
      let wait = max(0, (router.nextWakeup.at - Clock.now).inNanoseconds)
      // At most a second, so that a wrong wakeup costs a second and not a life.
      _ = bell.wait(timeout: .now() + .nanoseconds(Int(min(wait, 1_000_000_000))))
      backlog = takeMailbox()
      while let message = backlog.popLast() {
        switch message {
        case .input(let input): try handle(input, &router, &runner)
        case .look(let body): body(&router)
        case .stop(let keepsGateways): return keepsGateways
        }
      }
      if router.nextWakeup.at <= Clock.now { try handle(.wakeup, &router, &runner) }
    }
  }

  private func takeMailbox() -> [Message] {
    mailbox.withLock { mailbox in
      defer { mailbox.removeAll(keepingCapacity: true) }
      return mailbox.reversed()
    }
  }

  /// The VR has failed and its daemon ends; whoever asks meanwhile gets an answer, or the daemon would wait for him.
  private func answerAfter(_ error: HostError, _ router: inout Router, _ backlog: inout [Message]) -> Bool {
    let failure = RequestFailure("the VR has stopped: \(error.message)", mend: error.mend, .unanswered)
    let waiting = answers.withLock { answers in
      defer { answers.removeAll() }
      return Array(answers.values)
    }
    for continuation in waiting { continuation.resume(returning: .failure(failure)) }
    while true {
      while let message = backlog.popLast() {
        switch message {
        case .look(let body): body(&router)
        case .input(.request(let id, _)):
          answers.withLock { $0.removeValue(forKey: id) }?.resume(returning: .failure(failure))
        case .input: break
        case .stop(let keepsGateways): return keepsGateways
        }
      }
      bell.wait()
      backlog = takeMailbox()
    }
  }

  private func handle(_ input: RouterInput, _ router: inout Router, _ runner: inout EffectRunner) throws(HostError) {
    var inputs = [input]
    while let next = inputs.popLast() {
      for effect in router.handle(next, at: Clock.now, wall: Clock.wall) {
        if case .answer(let id, let answer) = effect {
          answers.withLock { $0.removeValue(forKey: id) }?.resume(returning: answer)
        } else if let number = try runner.run(effect) {
          inputs.append(.persisted(number))
        }
      }
    }
  }
}

/// Carries the parts of the loop to its thread, once.
// tidy allows unchecked-sendable: handed over before the thread starts
private final class Start: @unchecked Sendable {
  let router: Router
  let runner: EffectRunner
  init(router: Router, runner: EffectRunner) {
    self.router = router
    self.runner = runner
  }
}
