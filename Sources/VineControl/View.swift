import Foundation

/// A document of the local API: `{"schema":"vine-mesh.<name>/1", …}`.
///
/// Keys are camelCase and name their unit (`rttMs`, `queuedBytes`); a value that is not known is left out.
/// Keys may be added within a schema version, never renamed or taken away.
public protocol View: Codable, Hashable, Sendable {
  /// The name in the schema, and the last part of the path for what GET answers.
  static var name: String { get }
}

extension View {
  public static var schema: String { "vine-mesh.\(name)/1" }

  /// The document as one line of JSON with sorted keys, so that equal views are equal bytes.
  public func document() throws -> Data { try JSON.encode(Document(self)) }

  /// Reads what `document()` wrote.
  /// - Throws: `DecodingError`, also for a document of another schema.
  public static func read(_ document: Data) throws -> Self {
    try JSONDecoder().decode(Document<Self>.self, from: document).view
  }
}

/// How a request body is written.
public enum JSON {
  /// One line, sorted keys, slashes left alone.
  public static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }

  /// Reads a request body.
  public static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
    try JSONDecoder().decode(type, from: data)
  }
}

/// Puts `schema` beside the view's own keys.
private struct Document<Content: View>: Codable {
  let view: Content

  init(_ view: Content) { self.view = view }

  private enum Keys: String, CodingKey { case schema }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    let schema = try container.decode(String.self, forKey: .schema)
    guard schema == Content.schema else {
      throw DecodingError.dataCorruptedError(
        forKey: .schema, in: container, debugDescription: "schema \(schema) instead of \(Content.schema)")
    }
    view = try Content(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(Content.schema, forKey: .schema)
    try view.encode(to: encoder)
  }
}
