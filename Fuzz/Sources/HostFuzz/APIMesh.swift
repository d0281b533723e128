import VineBase
import VineRouter

@testable import VineSimulation

/// A founder's router, as a request of its own machine finds it.
enum APIMesh {
  private static let warm: World = {
    do {
      var shape = World.Shape(count: 2)
      (shape.vines, shape.vineSize) = (1, 2)
      var world = try World.known(shape, seed: 3)
      world.run(.seconds(20))
      return world
    } catch { fatalError("no mesh: \(error)") }
  }()

  /// Carries the request out; every request has to be answered in the time that a command waits.
  static func complaint(_ request: LocalRequest) -> String? {
    var world = warm
    let id = world.ask(request, at: 0)
    var isAnswered = false
    _ = world.run(atMost: .seconds(60), step: .seconds(1)) { world in
      isAnswered = world.takeAnswer(id) != nil
      return isAnswered
    }
    return isAnswered ? nil : "\(request) is never answered"
  }
}
