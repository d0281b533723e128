import VineAddress
import VineBase
import VineRegistry
import VineWire

extension Door {
  static let grantRecord = Door(name: "GrantRecord") { bytes in
    guard let grant = try? GrantRecord.decode(bytes) else { return nil }
    return complaint(grant, GrantRecord.encode, { try? GrantRecord.decode($0) })
  }

  static let reserveRecord = Door(name: "ReserveRecord") { bytes in
    struct Reserve: Equatable {
      let block: Block
      let delegation: FactVersion
      init(_ parts: (Block, FactVersion)) { (block, delegation) = parts }
    }
    guard let reserve = try? ReserveRecord.decode(bytes) else { return nil }
    return complaint(
      Reserve(reserve), { ReserveRecord.encode($0.block, $0.delegation) },
      { (try? ReserveRecord.decode($0)).map(Reserve.init) })
  }

  /// A snapshot, and the registry in it if there is one.
  static let snapshotRecord = Door(name: "SnapshotRecord") { bytes in
    guard let snapshot = try? SnapshotRecord.decode(bytes) else { return nil }
    return complaint(snapshot, SnapshotRecord.encode, { try? SnapshotRecord.decode($0) })
      ?? registrySnapshot.complaint(snapshot.state)
  }

  static let hardStateRecord = Door(name: "HardStateRecord") { bytes in
    guard let state = try? HardStateRecord.decode(bytes) else { return nil }
    return complaint(state, HardStateRecord.encode, { try? HardStateRecord.decode($0) })
  }

  /// What a leader sends of its registry: it decodes to one that goes on, or is refused.
  static let registrySnapshot = Door(name: "RegistrySnapshot") { bytes in
    guard let parts = try? RegistrySnapshot.decode(bytes) else { return nil }
    if let wrong = complaint(parts, { $0.encode() }, { try? RegistrySnapshot.decode($0) }) { return wrong }
    guard let registry = try? Registry(parts) else { return nil }
    if let fault = registry.fault { return "a registry was restored that breaks its own rules: \(fault)" }
    guard let again = try? Registry(registry.snapshot) else {
      return "a restored registry has a snapshot of no registry"
    }
    return again.snapshot == registry.snapshot ? nil : "a restored registry changes by another snapshot"
  }

  /// Grants of one delegate in any order and state: each is taken or refused, and what was taken is a chain.
  /// `[choice u8][length u16][grant]` each: choice 0 is a grant as it came, others are made from it to fit the chain.
  static let grantChain = Door(name: "GrantChain") { bytes in
    var script = Script(bytes)
    guard let delegate = NodeID([UInt8](repeating: 7, count: NodeID.byteCount)),
      let reserve = Block(base: IPv4Address(rawValue: 0xAC10_4000), prefixLength: 20)
    else { return "no names" }
    let trust = GrantTrust(
      hash: { bytes in [UInt8](repeating: bytes.reduce(bytes.first ?? 0) { $0 &* 31 &+ $1 }, count: 32) },
      isValid: { signature, _, _ in signature.count == 64 && signature[0] != 0xFF })
    let delegation = FactVersion(epoch: 1, index: 9)
    var chain = GrantChain(reserve: reserve, delegation: delegation, delegate: delegate, trust: trust)
    while !script.isEmpty {
      let choice = script.byte()
      var signed: SignedGrant?
      if choice == 0 {
        signed = try? GrantRecord.decode(script.chunk())
      } else {
        let (hosts, grantee) = (Int(script.word()), NodeID([UInt8](repeating: script.byte(), count: NodeID.byteCount)))
        let scope = choice & 2 == 0 ? nil : NetworkID(rawValue: UInt32(script.byte()) + 1)
        guard let grantee,
          let next = chain.next(for: grantee, admission: nil, hosts: hosts, scope: scope)
        else { continue }
        let sequence = choice & 4 == 0 ? next.sequence : UInt32(script.byte())
        let block =
          choice & 8 == 0
          ? next.block : ScopedBlock(.holding(IPv4Address(rawValue: script.long()), prefixLength: script.choice(33)))
        signed = SignedGrant(
          Grant(
            reserve: reserve, delegation: delegation, delegate: delegate, sequence: sequence,
            previous: choice & 16 == 0 ? next.previous : script.bytes(32), block: block, grantee: grantee,
            admission: nil), signature: [UInt8](repeating: choice, count: 64))
      }
      guard let signed else { continue }
      let before = chain.grants.count
      let isTaken = (try? chain.append(signed)) != nil
      guard chain.grants.count == before + (isTaken && signed.grant.sequence > before ? 1 : 0) else {
        return "a refused grant changed the chain"
      }
    }
    let blocks = chain.grants.map(\.grant.block.block).sorted()
    for (one, other) in zip(blocks, blocks.dropFirst()) where one.overlaps(other) { return "two grants overlap" }
    for block in blocks where !reserve.contains(block) { return "a grant lies outside the reserve" }
    return nil
  }

  /// Names, addresses and blocks as people and files write them: what is read is written as it was meant.
  static let texts = Door(name: "Texts") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let complaints = [
      read(text, IPv4Address.init), read(text, Endpoint.init), read(text, Block.init), read(text, SiteName.init),
      read(text, VineName.init),
    ]
    if let complaint = complaints.compactMap({ $0 }).first { return complaint }
    if let read = Hex.decode(text), Hex.encode(read) != text.lowercased() { return "hexadecimal changes" }
    if let read = Base32.decode(text), Base32.encode(read) != text.lowercased() { return "base32 changes" }
    let isKept = Hex.decode(Hex.encode(bytes)) == bytes && Base32.decode(Base32.encode(bytes)) == bytes
    return isKept ? nil : "bytes change by their text"
  }

  private static func read<Value: LosslessStringConvertible & Equatable>(
    _ text: String, _ parse: (String) -> Value?
  ) -> String? {
    guard let value = parse(text) else { return nil }
    return parse(value.description) == value ? nil : "\(value) reads as something else"
  }
}
