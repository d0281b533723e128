/// Why bytes are no message. They came from outside: this is an answer, never a trap; one message is lost by it.
public enum WireError: Error, Hashable, Sendable {
  /// More bytes than a message of this kind can have.
  case tooLong(count: Int, max: Int)
  /// No protobuf, or cut off.
  case malformed(String)
  /// A field or a choice that cannot be left out is not there, or is one that this version does not know.
  case missing(String)
  /// A field holds what its type does not allow.
  case invalid(String)
}

extension WireError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooLong(let count, let max): "\(count) bytes where \(max) are the most"
    case .malformed(let what): "\(what) does not decode"
    case .missing(let what): "\(what) is missing or of an unknown kind"
    case .invalid(let what): "\(what) is out of its range"
    }
  }
}
