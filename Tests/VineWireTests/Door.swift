/// A way by which bytes of somebody else come in, with what must hold for any bytes.
///
/// The fuzz programs of Fuzz/ (by symbolic links) and the replay of what they found use this one type.
public struct Door: Sendable {
  /// The name of the fuzz target and of its folder in Fuzz/FailCases.
  public let name: String
  /// - Returns: what is wrong, or nil.
  public let complaint: @Sendable ([UInt8]) -> String?

  public init(name: String, complaint: @escaping @Sendable ([UInt8]) -> String?) {
    self.name = name
    self.complaint = complaint
  }
}

extension Door {
  /// What decodes has one encoding, which decodes to the same.
  static func complaint<Value: Equatable>(
    _ value: Value, _ encode: (Value) -> [UInt8], _ decode: ([UInt8]) -> Value?
  ) -> String? {
    let bytes = encode(value)
    guard let again = decode(bytes) else { return "what was decoded encodes to what does not decode" }
    guard again == value else { return "what was decoded changes by encoding" }
    return encode(again) == bytes ? nil : "one value has two encodings"
  }
}
