// Bodies of the POST requests and their answers.

/// `POST /v1/ca/protect`, `/unlock`, `/lock`, `/export`, `/import`, `/remove`, answered with an `AuthorityAnswer`.
public struct AuthorityBody: Codable, Hashable, Sendable {
  /// Of the key; not for `lock` and `remove`.
  public var passphrase: String?
  /// What `export` gave, for `import`.
  public var key: String?

  public init(passphrase: String? = nil, key: String? = nil) {
    self.passphrase = passphrase
    self.key = key
  }
}

/// Where the authority's key is now.
public struct AuthorityAnswer: View {
  public static let name = "authority"

  public var authorityKey: AuthorityKeyState
  /// Of `export`: the key under its passphrase.
  public var key: String?

  public init(authorityKey: AuthorityKeyState, key: String? = nil) {
    self.authorityKey = authorityKey
    self.key = key
  }
}

/// `POST /v1/invite`, answered with an `InvitationAnswer`.
public struct InviteBody: Codable, Hashable, Sendable {
  /// Name of the site that may join.
  public var site: String
  /// Hosts its first block has to hold.
  public var hosts: Int
  /// From now.
  public var expiresSeconds: Int64

  public init(site: String, hosts: Int, expiresSeconds: Int64) {
    self.site = site
    self.hosts = hosts
    self.expiresSeconds = expiresSeconds
  }
}

/// The token to carry to the new VR. It is a secret until it is used or expires.
public struct InvitationAnswer: View {
  public static let name = "invitation"

  public var token: String
  public var site: String
  public var hosts: Int
  public var expiresUnixSeconds: Int64

  public init(token: String, site: String, hosts: Int, expiresUnixSeconds: Int64) {
    self.token = token
    self.site = site
    self.hosts = hosts
    self.expiresUnixSeconds = expiresUnixSeconds
  }
}

/// `POST /v1/vine/create`, `/delete`, `/join`, `/leave`, answered with a `VineAnswer`.
public struct VineBody: Codable, Hashable, Sendable {
  public var name: String

  public init(name: String) {
    self.name = name
  }
}

/// `POST /v1/relay/pin`, `/unpin` without a site, answered with a `PinAnswer`.
public struct PinBody: Codable, Hashable, Sendable {
  public var site: String?

  public init(site: String?) {
    self.site = site
  }
}

/// The queue-VR that this VR is kept to; absent: it chooses.
public struct PinAnswer: View {
  public static let name = "pin"

  public var site: String?

  public init(site: String?) {
    self.site = site
  }
}

/// What `POST /v1/relay/probe` found.
public struct ProbeAnswer: View {
  public static let name = "probe"

  public var link: LinkLine

  public init(link: LinkLine) {
    self.link = link
  }
}

/// `POST /v1/peer/revoke`, `/reclaim`, answered with a `SiteAnswer`.
public struct SiteBody: Codable, Hashable, Sendable {
  public var site: String

  public init(site: String) {
    self.site = site
  }
}

/// The site that a command was about.
public struct SiteAnswer: View {
  public static let name = "site"

  public var site: String
  /// Blocks that are kept free from now on.
  public var blocksKept: Int

  public init(site: String, blocksKept: Int) {
    self.site = site
    self.blocksKept = blocksKept
  }
}

/// The ViNe that a command was about.
public struct VineAnswer: View {
  public static let name = "vine"

  public var name: String
  public var networkId: UInt32

  public init(name: String, networkId: UInt32) {
    self.name = name
    self.networkId = networkId
  }
}

/// `POST /v1/reload`, with an empty document, answered with a `ReloadAnswer`.
public struct ReloadBody: Codable, Hashable, Sendable {
  public init() {}
}

/// What of the configuration changed since it was read last, by key.
public struct ReloadAnswer: View {
  public static let name = "reload"

  /// In force at once.
  public var changed: [String]
  /// In force when vine-meshd starts again.
  public var needRestart: [String]

  public init(changed: [String], needRestart: [String]) {
    self.changed = changed
    self.needRestart = needRestart
  }
}

/// `POST /v1/host/add`, `/v1/host/remove`, answered with a `HostAnswer`.
public struct HostBody: Codable, Hashable, Sendable {
  public var address: String
  /// Required to add. To remove: only from this ViNe; absent for all of them.
  public var vine: String?

  public init(address: String, vine: String? = nil) {
    self.address = address
    self.vine = vine
  }
}

/// The host that a command was about, as the LNDT has it afterwards.
public struct HostAnswer: View {
  public static let name = "host"

  public var address: String
  public var vines: [String]

  public init(address: String, vines: [String]) {
    self.address = address
    self.vines = vines
  }
}

/// `POST /v1/block/request`, answered with a `BlockAnswer`.
public struct BlockRequestBody: Codable, Hashable, Sendable {
  /// Hosts the block has to hold.
  public var hosts: Int
  /// The one ViNe that it shall count in; absent: in all.
  public var vine: String?

  public init(hosts: Int, vine: String? = nil) {
    self.hosts = hosts
    self.vine = vine
  }
}

/// `POST /v1/vine/rename`, answered with a `VineAnswer`.
public struct VineRenameBody: Codable, Hashable, Sendable {
  public var name: String
  public var newName: String

  public init(name: String, newName: String) {
    self.name = name
    self.newName = newName
  }
}

/// `POST /v1/block/release`, answered with a `BlockAnswer`.
public struct BlockReleaseBody: Codable, Hashable, Sendable {
  /// CIDR, exactly as `block list` shows it.
  public var block: String

  public init(block: String) {
    self.block = block
  }
}

/// The block that a command was about.
public struct BlockAnswer: View {
  public static let name = "block"

  public var block: String
  /// The VR's own address in it.
  public var gateway: String

  public init(block: String, gateway: String) {
    self.block = block
    self.gateway = gateway
  }
}
