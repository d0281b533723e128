import SwiftProtobuf
import VineBase
import VineRegistry

/// A generated message: how every decoder and encoder of this module reaches protobuf.
extension SwiftProtobuf.Message {
  /// - Parameter what: names the message in errors.
  static func read(_ bytes: [UInt8], _ what: String, max: Int) throws(WireError) -> Self {
    guard bytes.count <= max else { throw .tooLong(count: bytes.count, max: max) }
    var options = BinaryDecodingOptions()
    // The deepest message of the protocol has six levels.
    options.messageDepthLimit = 16
    do {
      return try Self(serializedBytes: bytes, options: options)
    } catch {
      throw .malformed(what)
    }
  }

  /// Fields in the order of their numbers; the same value always gives the same bytes, as no message has a map.
  var written: [UInt8] {
    do {
      return try serializedBytes()
    } catch {
      preconditionFailure("a proto3 message without Any serialises: \(error)")
    }
  }
}

/// Checks of single fields. `what` names the field in errors.
enum Field {
  static func node(_ bytes: some Collection<UInt8>, _ what: String) throws(WireError) -> NodeID {
    guard let node = NodeID(bytes) else { throw .invalid(what) }
    return node
  }

  static func invitation(_ bytes: some Collection<UInt8>) throws(WireError) -> InvitationID {
    guard let id = InvitationID(bytes) else { throw .invalid("invitation identifier") }
    return id
  }

  static func bytes(_ bytes: some Collection<UInt8>, count: Int, _ what: String) throws(WireError) -> [UInt8] {
    guard bytes.count == count else { throw .invalid(what) }
    return Array(bytes)
  }

  static func bytes(_ bytes: some Collection<UInt8>, max: Int, _ what: String) throws(WireError) -> [UInt8] {
    guard bytes.count <= max else { throw .tooLong(count: bytes.count, max: max) }
    return Array(bytes)
  }

  /// A term, an index, an epoch.
  static func counter(_ value: UInt64, _ what: String) throws(WireError) -> UInt64 {
    guard value <= WireLimits.counterMax else { throw .invalid(what) }
    return value
  }

  static func time(_ seconds: Int64, _ what: String) throws(WireError) -> WallTime {
    guard (0...WireLimits.secondsMax).contains(seconds) else { throw .invalid(what) }
    return WallTime(secondsSince1970: seconds)
  }

  static func text(_ text: String, max: Int, _ what: String) throws(WireError) -> String {
    guard text.utf8.count <= max else { throw .invalid(what) }
    return text
  }

  /// A validated text whose one spelling is the one that was sent.
  static func name<Name: LosslessStringConvertible>(_ text: String, _ what: String) throws(WireError) -> Name {
    guard let name = Name(text), name.description == text else { throw .invalid(what) }
    return name
  }

  static func count<Element>(_ elements: [Element], max: Int, _ what: String) throws(WireError) -> [Element] {
    guard elements.count <= max else { throw .invalid(what) }
    return elements
  }

  /// As much of `text` as fits, cut between characters.
  static func clipped(_ text: String, max: Int) -> String {
    guard text.utf8.count > max else { return text }
    var (result, count) = ("", 0)
    for character in text {
      count += character.utf8.count
      guard count <= max else { break }
      result.append(character)
    }
    return result
  }
}

extension Array {
  /// `map` that keeps the type of the error.
  func converted<Result>(_ convert: (Element) throws(WireError) -> Result) throws(WireError) -> [Result] {
    var results: [Result] = []
    results.reserveCapacity(count)
    for element in self { results.append(try convert(element)) }
    return results
  }
}
