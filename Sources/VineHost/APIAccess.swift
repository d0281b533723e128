import FlyingSocks
import Foundation
import Logging
import VineBase
import VineControl
import Yams

/// `api` of the configuration: the groups whose members may use the local API.
public struct APIAccess: Hashable, Sendable {
  /// May do everything. Nil: the group that the daemon runs with.
  public var adminGroup: String?
  /// May look. Nil: `vine-mesh-read`, if this machine has it; otherwise nobody.
  public var readGroup: String?

  public init() {}

  static let expectation = "a mapping of adminGroup and readGroup to names of groups"
  static let standardReadGroup = "vine-mesh-read"

  static func read(_ node: Node) -> APIAccess? {
    guard let mapping = node.mapping else { return nil }
    var access = APIAccess()
    for (key, value) in mapping {
      guard let name = value.string, !name.isEmpty else { return nil }
      switch key.string {
      case "adminGroup": access.adminGroup = name
      case "readGroup": access.readGroup = name
      default: return nil
      }
    }
    return access
  }

  /// The groups on this machine.
  /// - Throws: `HostError` 78 for one that the configuration names and the machine does not have.
  func groups() throws(HostError) -> (admin: gid_t?, reading: gid_t?) {
    (
      admin: try adminGroup.map { (name) throws(HostError) in try Self.known(name) },
      reading: try readGroup.map { (name) throws(HostError) in try Self.known(name) }
        ?? Self.number(of: Self.standardReadGroup)
    )
  }

  private static func known(_ name: String) throws(HostError) -> gid_t {
    guard let number = number(of: name) else {
      throw HostError(
        "this machine has no group `\(name)`, which `api` names", mend: "groupadd --system \(name)", .configuration)
    }
    return number
  }

  private static func number(of name: String) -> gid_t? {
    var entry = group()
    var found: UnsafeMutablePointer<group>?
    // A group with more members than this takes is not found.
    var room = [CChar](repeating: 0, count: 1 << 16)
    let result = getgrnam_r(name, &entry, &room, room.count, &found)
    return result == 0 && found != nil ? entry.gr_gid : nil
  }
}
