import VineBase

/// A VR under suspicion: who accuses it, and until when it may refute.
///
/// Source: Dadgar, Phillips and Currey, "Lifeguard: Local Health Awareness for More Accurate Failure Detection", 2017,
/// section IV.B: the time shrinks with the logarithm of independent confirmations.
struct Suspicion: Sendable {
  let incarnation: UInt64
  let started: Instant
  private(set) var accusers: [RecordPlace]
  private(set) var deadline: Instant
  private let shortest, longest: Duration
  /// Confirmations, beyond the first accuser, that shorten it to the shortest.
  private let confirmations: Int

  init(
    incarnation: UInt64, accuser: RecordPlace, shortest: Duration, longest: Duration, confirmations: Int,
    at now: Instant
  ) {
    (self.incarnation, started, accusers) = (incarnation, now, [accuser])
    (self.shortest, self.longest, self.confirmations) = (shortest, longest, confirmations)
    deadline = now + (confirmations == 0 ? shortest : longest)
  }

  /// - Returns: whether this accuser is new and counts, so that others should hear of it.
  mutating func confirm(by accuser: RecordPlace) -> Bool {
    guard accusers.count <= confirmations, !accusers.contains(accuser) else { return false }
    accusers.append(accuser)
    // log(c + 1) / log(k + 1) in thousandths, from a table: cores compute in integers.
    let share = Self.logarithms[accusers.count - 1] * 1000 / Self.logarithms[confirmations]
    let shrunk = longest - (longest - shortest) * share / 1000
    deadline = min(deadline, started + max(shortest, shrunk))
    return true
  }

  /// Others have decided already: what is left is the time to refute.
  mutating func condemn(at now: Instant) -> Bool {
    guard now + shortest < deadline else { return false }
    deadline = now + shortest
    return true
  }

  /// This VR was held up and could not hear a refutation.
  mutating func extend(by lateness: Duration) { deadline = deadline + lateness }

  /// 1000 × ln(n + 1).
  static let logarithms = [0, 693, 1099, 1386, 1609, 1792, 1946, 2079]
}
