import VineBase

/// Going down the hash tree with one peer: what is still to be asked of it.
struct Comparison: Sendable {
  let peer: NodeID
  private(set) var asked: SortedMap<TreeBranch, Question> = [:]
  private var waiting = Queue<TreeBranch>()
  var foundDifferences = false
  var announced = 0

  struct Question: Sendable {
    var due: Instant
    var tries: Int
  }

  /// A peer that does not answer so many is gone; where every fifth datagram is lost that happens once in 450 questions.
  static let triesMax = 6

  init(peer: NodeID) { self.peer = peer }

  var isDone: Bool { asked.isEmpty && waiting.isEmpty }
  var due: Instant? { asked.values.map(\.due).min() }

  mutating func add(_ branch: TreeBranch) { waiting.append(branch) }
  mutating func answered(_ branch: TreeBranch) { asked[branch] = nil }

  /// Branches to ask about now: new ones, and again those whose answer is overdue, each time after waiting longer.
  /// - Returns: nil if the peer does not answer.
  mutating func ask(window: Int, timeout: Duration, at now: Instant) -> [TreeBranch]? {
    var branches: [TreeBranch] = []
    for (branch, question) in asked where question.due <= now {
      guard question.tries < Self.triesMax else { return nil }
      asked[branch] = Question(due: now + timeout * (question.tries + 1), tries: question.tries + 1)
      branches.append(branch)
    }
    while asked.count < window, let branch = waiting.first {
      waiting.removeFirst()
      asked[branch] = Question(due: now + timeout, tries: 1)
      branches.append(branch)
    }
    return branches
  }
}
