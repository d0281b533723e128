import VineAddress
import VineBase

/// The grants of one delegation, in order, each checked: on the delegate what it may grant next, with anybody else what
/// to believe of a delegate.
public struct GrantChain: Sendable {
  /// Why a grant does not continue a chain.
  public enum Fault: Error, Hashable, Sendable {
    /// It is of another reserve, another delegation or another delegate.
    case otherDelegation
    case badSignature
    /// Grants before it are missing.
    case gap(expected: UInt32)
    /// The grant before it is another than the one here. Two grants of one number prove what the delegate did.
    case broken(sequence: UInt32)
    /// There is another grant with this number.
    case equivocation(sequence: UInt32)
    case outsideReserve
    /// It overlaps an earlier grant of the chain.
    case overlaps(Block)
  }

  public let reserve: Block
  public let delegation: FactVersion
  public let delegate: NodeID
  private let trust: GrantTrust
  /// Oldest first.
  public private(set) var grants: [SignedGrant] = []
  /// Hash of the newest grant.
  public private(set) var head: [UInt8]
  private var granted: Occupancy

  public init(reserve: Block, delegation: FactVersion, delegate: NodeID, trust: GrantTrust) {
    self.reserve = reserve
    self.delegation = delegation
    self.delegate = delegate
    self.trust = trust
    head = Self.start(reserve: reserve, delegation: delegation, delegate: delegate, trust)
    granted = Occupancy(pool: reserve)
  }

  /// What the first grant names as the one before it.
  public static func start(
    reserve: Block, delegation: FactVersion, delegate: NodeID, _ trust: GrantTrust
  ) -> [UInt8] {
    var writer = ByteWriter(capacity: 80)
    writer.append("vine-mesh delegation 1".utf8)
    writer.block(reserve)
    writer.integer(delegation.epoch)
    writer.integer(delegation.index)
    writer.append(delegate.bytes)
    return trust.hash(writer.bytes)
  }

  /// Takes the next grant; the same grant again changes nothing.
  public mutating func append(_ signed: SignedGrant) throws(Fault) {
    let grant = signed.grant
    guard grant.reserve == reserve, grant.delegation == delegation, grant.delegate == delegate else {
      throw .otherDelegation
    }
    guard trust.isAuthentic(signed) else { throw .badSignature }
    guard grant.sequence > 0, grant.sequence <= grants.count + 1 else {
      throw .gap(expected: UInt32(grants.count) + 1)
    }
    if grant.sequence <= grants.count {
      guard grants[Int(grant.sequence) - 1].grant == grant else { throw .equivocation(sequence: grant.sequence) }
      return
    }
    guard grant.previous == head else { throw .broken(sequence: grant.sequence) }
    guard reserve.contains(grant.block.block) else { throw .outsideReserve }
    if let other = granted.holder(overlapping: grant.block.block) { throw .overlaps(other) }
    granted.insert(grant.block.block)
    grants.append(signed)
    head = trust.hash(grant.signedBytes)
  }

  /// The grant that the delegate would sign next: the block that breaks up the least of what is left.
  /// - Parameters:
  ///   - taken: blocks of the reserve that facts say are somebody's, or kept free.
  ///   - scope: the one ViNe that the block is to count in; nil for all.
  /// - Returns: nil if the reserve has no room for so many hosts.
  public func next(
    for grantee: NodeID, admission: Grant.Admission?, hosts: Int, scope: NetworkID? = nil, taken: [Block] = []
  ) -> Grant? {
    guard let length = Block.prefixLength(forHosts: hosts) else { return nil }
    var space = granted
    for block in taken where reserve.contains(block) { space.insert(block) }
    guard let block = space.best(prefixLength: length) else { return nil }
    return Grant(
      reserve: reserve, delegation: delegation, delegate: delegate, sequence: UInt32(grants.count) + 1, previous: head,
      block: ScopedBlock(block, scope: scope), grantee: grantee, admission: admission)
  }

  /// Whether two grants prove that one delegate said two things at one place of one chain.
  public static func isEquivocation(_ one: SignedGrant, _ other: SignedGrant, _ trust: GrantTrust) -> Bool {
    let (first, second) = (one.grant, other.grant)
    guard first != second, first.delegate == second.delegate, first.reserve == second.reserve,
      first.delegation == second.delegation, first.sequence == second.sequence
    else { return false }
    return trust.isAuthentic(one) && trust.isAuthentic(other)
  }
}
