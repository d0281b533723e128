import VineBase

/// When a suspicion ends, in the order of time.
struct SuspicionEnd: Hashable, Comparable, Sendable {
  let at: Instant
  let place: RecordPlace

  static func < (left: Self, right: Self) -> Bool { (left.at, left.place) < (right.at, right.place) }
}

/// From an accusation to a verdict, which every VR comes to by itself: rumours only tell how much time is left.
extension Gossip {
  /// This VR's own probes failed.
  mutating func accuse(_ target: NodeID, at now: Instant, _ effects: inout [Effect]) {
    let subject = RecordPlace(of: target)
    guard let member = members[subject], member.state != .dead else { return }
    heard(
      Rumour(subject: subject, incarnation: member.incarnation, state: .suspect, accuser: place), at: now, &effects)
  }

  /// What is said of a VR, for its own ears.
  func said(of target: NodeID) -> [Rumour] { members[RecordPlace(of: target)].map(said(of:)) ?? [] }

  func said(of member: Member) -> [Rumour] {
    guard member.state != .alive else { return [] }
    let subject = RecordPlace(of: member.node)
    let accuser = suspicions[subject]?.accusers.first ?? place
    return [Rumour(subject: subject, incarnation: member.incarnation, state: member.state, accuser: accuser)]
  }

  mutating func heard(_ rumour: Rumour, at now: Instant, _ effects: inout [Effect]) {
    guard rumour.subject != place else { return refute(rumour, &effects) }
    // Only a signed record makes a member, and only a signed record makes a new incarnation.
    guard rumour.state != .alive, var member = members[rumour.subject], member.state != .dead,
      member.incarnation == rumour.incarnation
    else { return }
    if suspicions[rumour.subject] == nil {
      suspicions[rumour.subject] = suspicion(of: rumour, at: now)
      (member.state, member.since) = (.suspect, now)
      members.set(rumour.subject, member)
      effects.append(.member(member))
      pass(rumour, at: now)
      // A neighbour of the suspect sees for itself at once: a confirmation, or the news that tells the suspect.
      if rumour.accuser != place, neighbours.contains(member.node) {
        probe(member.node, isConfirming: true, at: now, &effects)
      }
    } else if suspicions.update(rumour.subject, { $0.confirm(by: rumour.accuser) }) == true {
      pass(rumour, at: now)
    }
    if rumour.state == .dead, suspicions.update(rumour.subject, { $0.condemn(at: now) }) == true {
      pass(rumour, at: now)
    }
    if let suspicion = suspicions[rumour.subject] {
      suspicionEnds[SuspicionEnd(at: suspicion.deadline, place: rumour.subject)] = true
    }
  }

  private func suspicion(of rumour: Rumour, at now: Instant) -> Suspicion {
    // The number of digits, in tenths, is near enough to ten times the decimal logarithm.
    let shortest = max(settings.suspicionMin, settings.suspicionBase * Self.tenthsOfDecades(members.count) / 10)
    let others = members.publicCount - (members[rumour.subject]?.isPublic == true ? 1 : 0) - 1
    return Suspicion(
      incarnation: rumour.incarnation, accuser: rumour.accuser, shortest: shortest,
      longest: shortest * settings.suspicionPatience, confirmations: min(settings.confirmations, max(0, others)),
      at: now)
  }

  /// Ten times log10, by steps: integers only, so that all machines agree.
  static func tenthsOfDecades(_ count: Int) -> Int {
    var (rest, decades) = (max(1, count), 0)
    while rest >= 10 { (rest, decades) = (rest / 10, decades + 10) }
    return decades + [0, 3, 5, 6, 7, 8, 8, 9, 10][rest - 1]
  }

  /// Only the VR itself may raise its incarnation (SWIM 4.2).
  private mutating func refute(_ rumour: Rumour, _ effects: inout [Effect]) {
    guard rumour.state != .alive, rumour.incarnation == incarnation else { return }
    incarnation += 1
    prober.feel(1, max: settings.healthMax)
    effects.append(.incarnation(incarnation))
  }

  mutating func endSuspicions(at now: Instant, _ effects: inout [Effect]) {
    while let end = suspicionEnds.firstKey, end.at <= now {
      suspicionEnds[end] = nil
      guard let suspicion = suspicions[end.place], suspicion.deadline <= now, var member = members[end.place] else {
        continue
      }
      suspicions[end.place] = nil
      (member.state, member.since) = (.dead, now)
      members.set(end.place, member)
      store.judge(end.place, isDead: true)
      lastChange = now
      leave(end.place)
      effects.append(.member(member))
      pass(Rumour(subject: end.place, incarnation: member.incarnation, state: .dead, accuser: place), at: now)
    }
  }

  mutating func endSuspicion(of place: RecordPlace) { suspicions[place] = nil }

  /// After all ends moved.
  mutating func scheduleSuspicions() {
    suspicionEnds = [:]
    for (place, suspicion) in suspicions { suspicionEnds[SuspicionEnd(at: suspicion.deadline, place: place)] = true }
  }

  // MARK: Passing on

  private mutating func pass(_ rumour: Rumour, at now: Instant) {
    rumours.append(rumour)
    if nextRumours == nil { nextRumours = now + settings.pushInterval / 2 }
  }

  mutating func passRumoursOn(_ effects: inout [Effect]) {
    let peers = random.shuffled(neighbours)
    for (position, peer) in peers.prefix(settings.suspicionFanOut).enumerated() {
      let told = position < settings.verdictFanOut ? rumours : rumours.filter { $0.state != .dead }
      for part in batches(told, weight: { _ in 32 }) { effects.append(.send(.rumours(part), to: peer)) }
    }
    rumours = []
    nextRumours = nil
  }
}
