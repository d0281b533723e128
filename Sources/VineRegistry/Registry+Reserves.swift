import VineAddress
import VineBase

/// Reserves: set apart for delegates, and what they granted while they were cut off.
extension Registry {
  /// What is delegated unless somebody says otherwise: 4096 addresses, some 60 sites of 60 hosts.
  public static let reservePrefixLength = 20
  /// More reserves than voters there can be serve nobody.
  static let reservesMax = 16
  /// Smaller ones hold few sites, larger ones are a great part of the space.
  static let reservePrefixLengths = 16...28

  mutating func delegate(
    to node: NodeID, prefixLength: Int, in space: RegistrySpace, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard Self.reservePrefixLengths.contains(prefixLength) else { throw .badReserveSize(prefixLength: prefixLength) }
    guard view.sites[node] != nil else { throw .notAdmitted }
    guard !view.isRevoked(node) else { throw .revoked }
    if let (reserve, _) = view.reserves.first(where: { $0.1 == node }) { throw .hasReserve(reserve) }
    guard view.reserves.count < Self.reservesMax else { throw .limitReached("reserves") }
    guard let reserve = space.all.best(prefixLength: prefixLength) else {
      throw .noReserveLeft(
        prefixLength: prefixLength, largest: space.all.largestFree, free: space.all.freeCount)
    }
    set(.reserve(reserve), .reserve(delegate: node), at: index)
    ratified[reserve] = Ratified()
    return .delegated(reserve)
  }

  mutating func endDelegation(
    _ reserve: Block, by author: NodeID, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard view.reserves[reserve] == author else { throw .notYourReserve(reserve) }
    set(.reserve(reserve), nil, at: index)
    ratified[reserve] = nil
    return .done
  }

  /// Closes a reserve whose delegate is not believed any more, or gone. It may have granted anything in it to anybody, so
  /// what nobody has is kept free for a while.
  /// - Returns: how many blocks are.
  mutating func close(_ reserve: Block, at index: UInt64) -> Int {
    let delegate = view.reserves[reserve]
    set(.reserve(reserve), nil, at: index)
    ratified[reserve] = nil
    let parts = space?.all.uncovered(reserve) ?? []
    for part in parts { quarantine(ScopedBlock(part), owner: delegate, at: index) }
    return parts.count
  }

  mutating func accuse(
    _ one: SignedGrant, _ other: SignedGrant, at index: UInt64
  ) throws(RegistryRefusal) -> RegistryAnswer {
    guard GrantChain.isEquivocation(one, other, trust), isCurrent(one.grant) else { throw .noEquivocation }
    return .quarantined(blocks: close(one.grant.reserve, at: index), until: quarantineEnd)
  }

  // MARK: Grants

  mutating func ratify(_ signed: SignedGrant, at index: UInt64) -> RatifiedGrant {
    RatifiedGrant(sequence: signed.grant.sequence, outcome: outcome(of: signed, at: index))
  }

  private func isCurrent(_ grant: Grant) -> Bool {
    view.reserves[grant.reserve] == grant.delegate && view.delegation(of: grant.reserve) == grant.delegation
  }

  private mutating func outcome(of signed: SignedGrant, at index: UInt64) -> RatifiedGrant.Outcome {
    let grant = signed.grant
    guard isCurrent(grant), let known = ratified[grant.reserve]?.hashes else { return .refused(.noSuchDelegation) }
    guard trust.isAuthentic(signed) else { return .refused(.badSignature) }
    let hash = trust.hash(grant.signedBytes)
    guard grant.sequence > 0, grant.sequence <= known.count + 1 else {
      return .refused(.gap(expected: UInt32(known.count) + 1))
    }
    if grant.sequence <= known.count {
      guard known[Int(grant.sequence) - 1] != hash else { return .knownAlready }
      // What was ratified stays: the log says whose it is. Nothing more is believed of the delegate.
      _ = close(grant.reserve, at: index)
      return .refused(.equivocation)
    }
    let previous =
      known.last
      ?? GrantChain.start(
        reserve: grant.reserve, delegation: grant.delegation, delegate: grant.delegate, trust)
    guard grant.previous == previous else { return .refused(.broken) }
    ratified[grant.reserve]?.hashes.append(hash)
    return carryOut(grant, at: index)
  }

  /// The grant has its place in the chain. What cannot be its grantee's is kept free: the delegate said that it is.
  private mutating func carryOut(_ grant: Grant, at index: UInt64) -> RatifiedGrant.Outcome {
    let held = grant.block
    guard grant.reserve.contains(held.block) else { return .refused(.outsideReserve) }
    let meeting = held.scope.map { networksMeeting($0) } ?? []
    if let other = space?.conflict(with: held, meeting: meeting) { return .refused(.overlaps(other)) }
    if let obstacle = obstacle(to: grant) {
      quarantine(ScopedBlock(held.block), ifFree: true, owner: grant.grantee, at: index)
      return .refused(.obstacle(obstacle))
    }
    if let admission = grant.admission, view.sites[grant.grantee] == nil {
      set(.site(grant.grantee), .site(name: admission.site), at: index)
      invitations[admission.invitation]?.usedBy = grant.grantee
    }
    set(.holding(held), .block(owner: grant.grantee), at: index)
    return .ratified
  }

  private func obstacle(to grant: Grant) -> GrantObstacle? {
    if let network = grant.block.scope {
      guard view.vines[network] != nil else { return .unknownVine }
      guard view.takesPart(grant.grantee, in: network) else { return .noPart }
    }
    if view.isRevoked(grant.grantee) { return .revoked }
    if view.sites[grant.grantee] != nil { return nil }
    guard let admission = grant.admission else { return .notAdmitted }
    guard let invitation = invitations[admission.invitation], invitation.site == admission.site else {
      return .unknownInvitation
    }
    guard invitation.secretHash == admission.secretHash else { return .secretMismatch }
    guard invitation.usedBy == nil else { return .invitationUsed }
    guard siteNames[admission.site] == nil else { return .siteNameTaken }
    return view.site(tagged: grant.grantee.tag) == nil ? nil : .tagTaken
  }
}
