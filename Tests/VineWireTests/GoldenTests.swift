import Testing
import VineBase
import VineRegistry
import VineWire

@Suite struct GoldenTests {
  @Test(arguments: Golden.gossip + Golden.raft + Golden.control)
  func `a control message has the bytes of another implementation`(message: ControlMessage, hex: String) throws {
    #expect(Hex.encode(message.encode()) == hex)
    #expect(try ControlMessage.decode(bytes(hex)) == message)
  }

  @Test(arguments: Golden.answers)
  func `an answer of the registry has the bytes of another implementation`(
    answer: RegistryAnswer, hex: String
  ) throws {
    let message = ControlMessage.proposalAnswer(Golden.id, .success(answer))
    #expect(Hex.encode(message.encode()) == hex)
    #expect(try ControlMessage.decode(bytes(hex)) == message)
  }

  @Test(arguments: Golden.refusals)
  func `a refusal of the registry has the bytes of another implementation`(
    refusal: RegistryRefusal, hex: String
  ) throws {
    let message = ControlMessage.proposalAnswer(Golden.id, .failure(refusal))
    #expect(Hex.encode(message.encode()) == hex)
    #expect(try ControlMessage.decode(bytes(hex)) == message)
  }

  @Test(arguments: Golden.commands)
  func `a registry command has the bytes of another implementation`(command: RegistryCommand, hex: String) throws {
    #expect(Hex.encode(LogCommand.encode(Golden.proposal(command))) == hex)
    #expect(try LogCommand.decode(bytes(hex)) == Golden.proposal(command))
  }

  @Test(arguments: Golden.facts)
  func `a registry fact has the bytes of another implementation`(fact: RegistryFact, hex: String) throws {
    #expect(Hex.encode(FactRecord.encode(fact)) == hex)
    #expect(try FactRecord.decode(bytes(hex)) == fact)
  }

  @Test func `records and log entries have the bytes of another implementation`() throws {
    #expect(Hex.encode(Golden.vrRecord.0.encode()) == Golden.vrRecord.1)
    #expect(try VRRecord.decode(bytes(Golden.vrRecord.1)) == Golden.vrRecord.0)
    #expect(Hex.encode(StoredRecord.encode(Golden.signedRecord.0)) == Golden.signedRecord.1)
    #expect(try StoredRecord.decode(bytes(Golden.signedRecord.1)) == Golden.signedRecord.0)
    #expect(Hex.encode(LogRecord.encode(Golden.logEntry.0)) == Golden.logEntry.1)
    #expect(try LogRecord.decode(bytes(Golden.logEntry.1)) == Golden.logEntry.0)
  }

  private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.decode(hex)) }
}
