import Testing
import VineBase
import VineControl
import VineDataPlane

@testable import VineHost

@Suite struct DoctorTests {
  private func answer(hardware: Int, gateway: Bool, virtual: Bool) throws -> HostQuestions.Answer {
    HostQuestions.Answer(
      address: try #require(IPv4Address("172.16.0.10")),
      hardware: (0..<hardware).map { [2, 0, 0, 0, 0, UInt8($0)] }, answersGateway: gateway, answersVirtual: virtual)
  }

  @Test func `a host with alias and route is no finding`() throws {
    #expect(Doctor.finding(try answer(hardware: 1, gateway: true, virtual: true)) == nil)
    #expect(Doctor.finding(try answer(hardware: 1, gateway: false, virtual: true)) == nil)
  }

  @Test func `a missing alias, a missing route, silence and two owners are told apart, each with its mend`() throws {
    let absent = try #require(Doctor.finding(answer(hardware: 0, gateway: false, virtual: false)))
    #expect(absent.level == .warning && absent.mend?.contains("vine-mesh host setup 172.16.0.10") == true)
    let routeless = try #require(Doctor.finding(answer(hardware: 1, gateway: true, virtual: false)))
    #expect(routeless.level == .warning && routeless.text.contains("no route") && routeless.mend != nil)
    let silent = try #require(Doctor.finding(answer(hardware: 1, gateway: false, virtual: false)))
    #expect(silent.level == .notice, "a firewall is no fault")
    let double = try #require(Doctor.finding(answer(hardware: 2, gateway: true, virtual: true)))
    #expect(double.level == .error && double.evidence == "02:00:00:00:00:00, 02:00:00:00:00:01")
  }
}
