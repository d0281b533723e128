import Testing
import VineBase
import VinePacket

@testable import VineDataPlane

@Suite struct HostQuestionsTests {
  private static let own: [UInt8] = [2, 0, 0, 0, 0, 1]
  private static let hosts = [host(10), host(11)]
  private static let stranger = IPv4Address(rawValue: 0xAC1F_FFFE)

  private static func host(_ last: UInt32) -> HostQuestions.Host {
    HostQuestions.Host(IPv4Address(rawValue: 0xAC10_0000 + last), gateway: IPv4Address(rawValue: 0xAC10_0001))
  }

  private func questions() -> HostQuestions {
    HostQuestions(own: Self.own, hosts: Self.hosts, stranger: Self.stranger, identifier: 0x1234)
  }

  /// What a host's stack answers to a question.
  private func answer(to question: [UInt8], from hardware: [UInt8]) -> [UInt8] {
    var frame = question
    frame.replaceSubrange(0..<6, with: question[6..<12])
    frame.replaceSubrange(6..<12, with: hardware)
    if question[13] == 6 {
      frame[21] = 2
      frame.replaceSubrange(22..<32, with: hardware + question[38..<42])
      frame.replaceSubrange(32..<42, with: question[22..<32])
    } else {
      frame.replaceSubrange(26..<30, with: question[30..<34])
      frame.replaceSubrange(30..<34, with: question[26..<30])
      frame[34] = 0
    }
    return frame
  }

  private func hear(_ frame: [UInt8], _ questions: inout HostQuestions) {
    frame.withUnsafeBytes { questions.received($0) }
  }

  @Test func `who makes up owners of an address without end fills no memory`() throws {
    var questions = questions()
    let asked = try #require(questions.whoHas.first)
    for number in 0..<100 { hear(answer(to: asked, from: [2, 0, 0, 0, 1, UInt8(number)]), &questions) }
    #expect(questions.answers[0].hardware.count == HostQuestions.ownersMax)
  }

  @Test func `questions are valid ARP and echo requests`() throws {
    var questions = questions()
    let asked = try #require(questions.whoHas.first)
    #expect(questions.whoHas.count == 2 && asked.count == 42)
    #expect(Array(asked[0..<12]) == [UInt8](repeating: 0xFF, count: 6) + Self.own)
    #expect(Array(asked[28..<32]) == [172, 16, 0, 1] && Array(asked[38..<42]) == [172, 16, 0, 10])
    #expect(questions.echoes.isEmpty, "nobody is known yet")
    hear(answer(to: asked, from: [2, 0, 0, 0, 0, 9]), &questions)
    #expect(questions.whoHas.count == 1 && questions.echoes.count == 2)
    for echo in questions.echoes {
      let packet = Array(echo[14...])
      let (header, message) = (Array(packet[..<20]), Array(packet[20...]))
      let areValid = [header, message].map { bytes in bytes.withUnsafeBytes { InternetChecksum.isValid($0) } }
      #expect(areValid == [true, true])
      #expect(Array(echo[0..<6]) == [2, 0, 0, 0, 0, 9])
    }
  }

  @Test func `an alias, a route and a missing one are told apart`() throws {
    var questions = questions()
    for (question, last) in zip(questions.whoHas, UInt8(9)...) {
      hear(answer(to: question, from: [2, 0, 0, 0, 0, last]), &questions)
    }
    let echoes = questions.echoes
    #expect(echoes.count == 4)
    // The first host answers both, the second only the gateway.
    for echo in [echoes[0], echoes[1], echoes[2]] { hear(answer(to: echo, from: Array(echo[0..<6])), &questions) }
    #expect(questions.answers.map(\.answersVirtual) == [true, false])
    #expect(questions.answers.map(\.answersGateway) == [true, true])
    #expect(questions.echoes.count == 1)
  }

  @Test func `two hosts with one address are both named`() throws {
    var questions = questions()
    let asked = try #require(questions.whoHas.first)
    for last in [9, 8, 9] as [UInt8] { hear(answer(to: asked, from: [2, 0, 0, 0, 0, last]), &questions) }
    #expect(questions.answers[0].hardware == [[2, 0, 0, 0, 0, 9], [2, 0, 0, 0, 0, 8]])
  }

  @Test func `answers to other questions and of others do not count`() throws {
    var questions = questions()
    let asked = try #require(questions.whoHas.first)
    hear(asked, &questions)
    hear(answer(to: asked, from: Self.own), &questions)
    #expect(questions.answers.map(\.hardware.count) == [0, 0])
    hear(answer(to: asked, from: [2, 0, 0, 0, 0, 9]), &questions)
    var late = answer(to: try #require(questions.echoes.first), from: [2, 0, 0, 0, 0, 9])
    late[38] = 0x99
    hear(late, &questions)
    #expect(questions.answers.allSatisfy { !$0.answersGateway && !$0.answersVirtual })
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `any bytes from the network are taken`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    var questions = questions()
    var frame = (0..<Int(random.below(100))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    if frame.count >= 14 { frame.replaceSubrange(12..<14, with: seed % 2 == 0 ? [8, 6] : [8, 0]) }
    if frame.count > 40, seed % 4 == 1 { frame.replaceSubrange(14..<18, with: [0x45, 0, 0, UInt8(frame.count - 14)]) }
    hear(frame, &questions)
    #expect(questions.answers.count == 2)
  }
}
