import VineAddress
import VineBase
import VineRegistry

/// A grant as a delegate's store holds it.
public enum GrantRecord {
  public static func encode(_ grant: SignedGrant) -> [UInt8] { PBSignedGrant(grant).written }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> SignedGrant {
    try PBSignedGrant.read(bytes, "grant", max: WireLimits.commandByteCountMax).signedGrant()
  }
}

/// A reserve and the decision that made it the delegate's, as its store holds them.
public enum ReserveRecord {
  public static func encode(_ reserve: Block, _ delegation: FactVersion) -> [UInt8] {
    var wire = PBSignedGrant()
    wire.reserve = PBBlock(reserve)
    wire.epoch = delegation.epoch
    wire.index = delegation.index
    return wire.written
  }

  public static func decode(_ bytes: [UInt8]) throws(WireError) -> (Block, FactVersion) {
    let wire = try PBSignedGrant.read(bytes, "reserve", max: WireLimits.commandByteCountMax)
    return (
      try wire.reserve.block(),
      FactVersion(epoch: wire.epoch, index: try Field.counter(wire.index, "log index of a delegation"))
    )
  }
}
