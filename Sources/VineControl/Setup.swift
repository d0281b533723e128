import VineBase

/// Founding a mesh on this machine: `vine-mesh init`.
public struct InitRequest: Hashable, Sendable {
  public var mesh: String
  public var site: String
  /// Hosts the site's first block has to hold.
  public var hosts: Int
  /// Interface of the site's network; nil to let the daemon find it.
  public var lan: String?
  /// Public addresses of this VR; empty to have its role found out by dial-back.
  public var endpoints: [Endpoint]
  public var paths: MeshPaths

  public init(mesh: String, site: String, hosts: Int, lan: String?, endpoints: [Endpoint], paths: MeshPaths) {
    self.mesh = mesh
    self.site = site
    self.hosts = hosts
    self.lan = lan
    self.endpoints = endpoints
    self.paths = paths
  }
}

/// What `vine-mesh init` made.
public struct InitResult: View {
  public static let name = "init"

  public var site: String
  public var block: String
  public var meshID: String
  /// The one command to type next.
  public var nextCommand: String

  public init(site: String, block: String, meshID: String, nextCommand: String) {
    self.site = site
    self.block = block
    self.meshID = meshID
    self.nextCommand = nextCommand
  }

  private enum CodingKeys: String, CodingKey { case site, block, nextCommand, meshID = "meshId" }
}

/// Joining a mesh with a token: `vine-mesh join`. The mesh's name comes with the grant.
public struct JoinRequest: Hashable, Sendable {
  /// A secret: never logged, never written to disk.
  public var token: String
  /// Interface of the site's network; nil to let the daemon find it.
  public var lan: String?
  /// Where the files go; nil for the standard places of the mesh's name.
  public var paths: PathOverrides
  /// For the whole exchange with the bootstrap VR.
  public var timeout: Duration

  public init(token: String, lan: String?, paths: PathOverrides, timeout: Duration) {
    self.token = token
    self.lan = lan
    self.paths = paths
    self.timeout = timeout
  }
}

/// What `vine-mesh join` was granted.
public struct JoinResult: View {
  public static let name = "join"

  public var site: String
  public var block: String
  public var meshID: String
  public var meshName: String
  /// The one command to type next.
  public var nextCommand: String

  public init(site: String, block: String, meshID: String, meshName: String, nextCommand: String) {
    self.site = site
    self.block = block
    self.meshID = meshID
    self.meshName = meshName
    self.nextCommand = nextCommand
  }

  private enum CodingKeys: String, CodingKey { case site, block, meshName, nextCommand, meshID = "meshId" }
}

/// Why a mesh could not be founded or joined.
public struct SetupError: ExplainedError, Hashable {
  public let message: String
  public let mend: String
  public let exitCode: Int32

  public init(message: String, mend: String, exitCode: Int32) {
    self.message = message
    self.mend = mend
    self.exitCode = exitCode
  }

  public init(_ message: String, mend: String, _ status: ExitStatus = .failed) {
    self.init(message: message, mend: mend, exitCode: status.rawValue)
  }
}

/// What `vine-mesh recover` does, or would do.
public struct RecoverResult: View {
  public static let name = "recover"

  /// The new epoch.
  public var epoch: UInt32
  /// This site, which votes alone at first.
  public var site: String
  /// Sites that voted, and do so no more; sorted.
  public var lostVoters: [String]
  /// Decisions that this VR's log lacked and its gossip knew.
  public var decisionsKept: Int
  /// Decisions that are given up: nobody here is known to have been told of them, or they contradict others.
  public var decisionsDropped: Int
  /// CIDR; by address.
  public var quarantined: [String]
  public var quarantineSeconds: Double

  public init(
    epoch: UInt32, site: String, lostVoters: [String], decisionsKept: Int, decisionsDropped: Int,
    quarantined: [String], quarantineSeconds: Double
  ) {
    self.epoch = epoch
    self.site = site
    self.lostVoters = lostVoters
    self.decisionsKept = decisionsKept
    self.decisionsDropped = decisionsDropped
    self.quarantined = quarantined
    self.quarantineSeconds = quarantineSeconds
  }
}
