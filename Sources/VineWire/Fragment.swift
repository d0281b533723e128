import VineBase

/// A piece of a control message that does not fit one frame.
public struct Fragment: Hashable, Sendable {
  /// Names the message among those that its sender has on the way.
  public let id: UInt32
  /// 0 ..< `count`.
  public let index: UInt16
  public let count: UInt16
  public let bytes: [UInt8]

  public init(id: UInt32, index: UInt16, count: UInt16, bytes: [UInt8]) {
    precondition(index < count, "a fragment is one of its message's")
    precondition(bytes.count <= WireLimits.fragmentByteCountMax, "a fragment fits one frame")
    (self.id, self.index, self.count, self.bytes) = (id, index, count, bytes)
  }
}

extension PBFragment {
  init(_ fragment: Fragment) {
    id = fragment.id
    index = UInt32(fragment.index)
    count = UInt32(fragment.count)
    bytes = .init(fragment.bytes)
  }

  func fragment() throws(WireError) -> Fragment {
    guard count <= WireLimits.fragmentCountMax, index < count else { throw .invalid("fragment number") }
    return Fragment(
      id: id, index: UInt16(index), count: UInt16(count),
      bytes: try Field.bytes(bytes, max: WireLimits.fragmentByteCountMax, "fragment"))
  }
}
