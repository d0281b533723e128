import Testing
import VineControl
import VineRouter

@testable import VineHost

@Suite struct RegistryCheckTests {
  @Test(arguments: [(0, 5), (CheckBody.clientsMax + 1, 5), (1, 0), (1, CheckBody.secondsMax + 1), (.min, .max)])
  func `a check that would take for ever, or asks nobody, is refused`(clients: Int, seconds: Int) {
    let failure = #expect(throws: RequestFailure.self) { try RegistryCheck(clients: clients, seconds: seconds) }
    #expect(failure?.kind == .usage)
  }
}
