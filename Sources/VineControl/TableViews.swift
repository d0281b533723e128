// The two tables of the paper (3.5) and the blocks behind them.

/// The GNDT of each ViNe that this site takes part in. `GET /v1/gndt`.
public struct GNDTView: View {
  public static let name = "gndt"

  /// By V.Net.ID.
  public var tables: [GNDTTable]

  public init(tables: [GNDTTable]) {
    self.tables = tables
  }
}

/// One ViNe's GNDT: where packets to an address go.
public struct GNDTTable: Codable, Hashable, Sendable {
  /// The ViNe's name.
  public var name: String
  public var networkId: UInt32
  /// `v17.42`; see `GNDTAgreement`.
  public var version: String
  /// Sixteen hexadecimal digits.
  public var digest: String
  /// By address; disjoint.
  public var entries: [GNDTEntry]

  public init(name: String, networkId: UInt32, version: String, digest: String, entries: [GNDTEntry]) {
    self.name = name
    self.networkId = networkId
    self.version = version
    self.digest = digest
    self.entries = entries
  }
}

/// Addresses `first` to `last` inclusive are behind one VR.
public struct GNDTEntry: Codable, Hashable, Sendable {
  public var first: String
  public var last: String
  public var site: String
  public var node: String

  public init(first: String, last: String, site: String, node: String) {
    self.first = first
    self.last = last
    self.site = site
    self.node = node
  }
}

/// The LNDT: own hosts and their ViNes. `GET /v1/lndt`.
public struct LNDTView: View {
  public static let name = "lndt"

  /// By address.
  public var hosts: [LNDTHost]

  public init(hosts: [LNDTHost]) {
    self.hosts = hosts
  }
}

/// A host of this site.
public struct LNDTHost: Codable, Hashable, Sendable {
  public var address: String
  /// By V.Net.ID.
  public var vines: [String]

  public init(address: String, vines: [String]) {
    self.address = address
    self.vines = vines
  }
}

/// All blocks that the registry gave out. `GET /v1/blocks`.
public struct BlocksView: View {
  public static let name = "blocks"

  /// What blocks are cut from.
  public var space: String
  /// By address.
  public var blocks: [BlockLine]
  /// Parts of the space that nobody gets at the moment, by address.
  public var keptFree: [KeptBlockLine]
  /// Addresses of the space in no block, and not kept free.
  public var freeAddresses: UInt64

  public init(space: String, blocks: [BlockLine], keptFree: [KeptBlockLine] = [], freeAddresses: UInt64) {
    self.space = space
    self.blocks = blocks
    self.keptFree = keptFree
    self.freeAddresses = freeAddresses
  }
}

/// A block that nobody has, and that is given to nobody for now.
public struct KeptBlockLine: Codable, Hashable, Sendable {
  /// CIDR.
  public var block: String
  /// As a sentence without a full stop.
  public var why: String
  /// Absent of a reserve.
  public var secondsLeft: Double?

  public init(block: String, why: String, secondsLeft: Double? = nil) {
    self.block = block
    self.why = why
    self.secondsLeft = secondsLeft
  }
}

/// A block and its owner.
public struct BlockLine: Codable, Hashable, Sendable {
  /// CIDR.
  public var block: String
  public var site: String
  public var node: String
  public var isOwn: Bool
  /// The one ViNe that it counts in; absent: in all.
  public var vine: String?

  public init(block: String, site: String, node: String, isOwn: Bool, vine: String? = nil) {
    self.vine = vine
    self.block = block
    self.site = site
    self.node = node
    self.isOwn = isOwn
  }
}
