import VineBase

/// SWIM's failure detector over the neighbours, with Lifeguard's local health.
///
/// Sources: Das, Gupta and Motivala, "SWIM", 2002, sections 3.1 and 4; Dadgar, Phillips and Currey, "Lifeguard", 2017.
extension Gossip {
  mutating func pinged(
    _ sequence: UInt32, root: UInt64, _ rumours: [Rumour], from peer: NodeID, at now: Instant, _ effects: inout [Effect]
  ) {
    for rumour in rumours { heard(rumour, at: now, &effects) }
    let wasNeighbour = probedBy[peer] != nil
    probedBy[peer] = now
    if !wasNeighbour { choose() }
    effects.append(.send(.ack(sequence: sequence, root: store.root == root ? nil : store.root), to: peer))
  }

  mutating func acked(_ sequence: UInt32, at now: Instant, _ effects: inout [Effect]) {
    if let errand = prober.errands.removeValue(forKey: sequence) {
      effects.append(.send(.ack(sequence: errand.sequence, root: store.root), to: errand.requester))
    }
    if let probe = prober.probes.removeValue(forKey: sequence) {
      if probe.tries == 1 {
        prober.firstTry(wasAnswered: true)
        prober.roundTrip.measured(now - probe.sent)
        effects.append(.probed(probe.target, roundTrip: now - probe.sent))
      }
      prober.feel(-1, max: settings.healthMax)
    }
  }

  mutating func requested(
    _ sequence: UInt32, _ target: RecordPlace, from peer: NodeID, at now: Instant, _ effects: inout [Effect]
  ) {
    guard let member = members[target], member.node != node, connected[member.node] != nil,
      prober.errands.count < Errand.countMax
    else { return effects.append(.send(.nack(sequence: sequence), to: peer)) }
    let own = prober.takeSequence()
    prober.errands[own] = Errand(
      requester: peer, sequence: sequence, target: member.node, due: now + settings.probeTimeout * 2 / 3)
    effects.append(.send(.ping(sequence: own, root: store.root, said(of: member)), to: member.node))
  }

  /// Everything of the detector that is due.
  mutating func detect(at now: Instant, _ effects: inout [Effect]) {
    for sequence in prober.errands.keys {
      guard var errand = prober.errands[sequence], errand.due <= now else { continue }
      if errand.isSecondTry {
        prober.errands[sequence] = nil
        effects.append(.send(.nack(sequence: errand.sequence), to: errand.requester))
      } else {
        (errand.isSecondTry, errand.due) = (true, now + settings.probeTimeout * 2 / 3)
        prober.errands[sequence] = errand
        effects.append(.send(.ping(sequence: sequence, root: store.root, []), to: errand.target))
      }
    }
    for sequence in prober.probes.keys {
      if let probe = prober.probes[sequence], probe.due <= now { tryAgain(probe, at: now, &effects) }
    }
    if let due = prober.nextProbe, due <= now {
      let crowd = max(neighbours.count, 2 * settings.rings)
      let interval = now < restlessUntil ? settings.restlessInterval : settings.probeInterval
      prober.nextProbe =
        now + interval * (2 * settings.rings) / crowd * (prober.health + 1)
      probeNext(at: now, &effects)
    }
  }

  private mutating func probeNext(at now: Instant, _ effects: inout [Effect]) {
    if prober.round.isEmpty {
      let before = probedBy.count
      for (peer, heard) in probedBy where now - heard > settings.probedByFor { probedBy[peer] = nil }
      if probedBy.count != before { choose() }
      prober.round = random.shuffled(neighbours)
    }
    while let target = prober.round.popLast() {
      guard connected[target] != nil, members[RecordPlace(of: target)] != nil else { continue }
      return probe(target, isConfirming: false, at: now, &effects)
    }
  }

  mutating func probe(_ target: NodeID, isConfirming: Bool, at now: Instant, _ effects: inout [Effect]) {
    guard !prober.probes.values.contains(where: { $0.target == target }) else { return }
    let sequence = prober.takeSequence()
    prober.probes[sequence] = Probe(
      sequence: sequence, target: target, isConfirming: isConfirming, sent: now, due: now + patience,
      triesMax: prober.triesMax(isConfirming: isConfirming))
    effects.append(.send(.ping(sequence: sequence, root: store.root, said(of: target)), to: target))
  }

  private var patience: Duration { settings.probeTimeout * (prober.health + 1) }

  private mutating func tryAgain(_ probe: Probe, at now: Instant, _ effects: inout [Effect]) {
    var probe = probe
    if probe.tries == 1 {
      prober.firstTry(wasAnswered: false)
      effects.append(.probed(probe.target, roundTrip: nil))
    }
    guard probe.tries < probe.triesMax else {
      prober.probes[probe.sequence] = nil
      // Nobody answers this VR, not even to say no: perhaps it is the one that is cut off.
      if probe.helpersAsked > 0, probe.nacks == 0 { prober.feel(1, max: settings.healthMax) }
      return accuse(probe.target, at: now, &effects)
    }
    probe.tries += 1
    // An answer by way of a helper takes two round trips.
    probe.due = now + (probe.tries == probe.triesMax ? patience * 2 : patience)
    if connected[probe.target] != nil {
      effects.append(.send(.ping(sequence: probe.sequence, root: store.root, said(of: probe.target)), to: probe.target))
    }
    if !probe.isConfirming, probe.tries == Probe.triesBeforeHelp {
      probe.helpers = helpers(for: probe.target)
      for helper in probe.helpers where connected[helper] == nil { effects.append(.contact(helper)) }
    } else if probe.tries > Probe.triesBeforeHelp {
      let target = RecordPlace(of: probe.target)
      for helper in probe.helpers where connected[helper] != nil {
        probe.helpersAsked += 1
        effects.append(.send(.pingRequest(sequence: probe.sequence, target: target), to: helper))
      }
    }
    prober.probes[probe.sequence] = probe
  }

  /// Others that hold a session with the target, if this VR and they agree on the rings.
  private mutating func helpers(for target: NodeID) -> [NodeID] {
    let eligible = members.table.lazy.filter { $0.1.isPublic && $0.1.state != .dead }.map(\.0)
    let beside = Rings.neighbours(of: RecordPlace(of: target), rings: settings.rings, among: eligible)
      .compactMap { members[$0]?.node }.filter { $0 != target && $0 != node }
    return Array(random.shuffled(beside).prefix(settings.indirectProbes))
  }

  /// A wakeup that comes late tells of a process that was held up: nobody else is to be blamed for what it missed.
  mutating func noticeLateness(at now: Instant) {
    guard let due = nextWakeup?.at, due > .zero, now - due > settings.latenessMax else { return }
    let lateness = now - due
    prober.feel(1, max: settings.healthMax)
    for sequence in prober.probes.keys {
      _ = prober.probes.update(sequence) { $0.due = $0.due + lateness }
    }
    for place in suspicions.keys {
      _ = suspicions.update(place) { $0.extend(by: lateness) }
    }
    scheduleSuspicions()
  }
}
