import VineBase

enum Nodes {
  /// A VR for each number.
  static func numbered(_ number: Int) -> NodeID {
    let bytes = withUnsafeBytes(of: UInt32(number).bigEndian, Array.init) + [UInt8](repeating: 7, count: 28)
    guard let node = NodeID(bytes) else { preconditionFailure("32 bytes are 32") }
    return node
  }
}
