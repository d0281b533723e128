import Testing
import VineBase

@testable import VineRaft

/// Everything together, by chance; the group itself checks that terms have one leader and that there is one history.
@Suite struct FaultTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `nothing committed is lost while voters change, crash and lose messages`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let group = Group(3, seed: seed)
    for number in 4...7 { group.add(number) }
    group.lossPerCent = seed % 4 * 5
    for round in 0..<40 {
      group.propose("\(round)", at: group.leader ?? 1)
      let order = random.shuffled(Array(1...7))
      let count = 1 + 2 * random.int(in: 0..<3)
      let (voters, learners) = (order.prefix(count), order.dropFirst(count).prefix(Configuration.learnersMax))
      group.input(
        .changeConfiguration(voters: voters.map(group.voter), learners: learners.map(group.voter)),
        to: group.leader ?? 1)
      group.run(random.jitter(.milliseconds(900)))
      let number = random.int(in: 1..<8)
      switch random.below(8) {
      case 0: group.isolate((1...7).filter { _ in random.below(2) == 0 }, from: Array(1...7))
      case 1, 2: group.heal()
      case 3: group.crash(number)
      case 4, 5: for number in 1...7 where group.members[number]?.isUp == false { group.restart(number) }
      case 6: group.compact(number)
      default: group.input(.transfer(to: nil), to: group.leader ?? 1)
      }
    }
    group.heal()
    group.lossPerCent = 0
    for number in 1...7 where group.members[number]?.isUp == false { group.restart(number) }
    group.run(.seconds(20))
    group.propose("last", at: group.elect())
    group.run(.seconds(3))
    #expect(group.applied(group.elect()).last == Array("last".utf8))
  }
}
