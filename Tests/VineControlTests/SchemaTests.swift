import Foundation
import Testing
import VineControl

/// What views say is what their published schemas promise, key by key.
@Suite struct SchemaTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("docs/reference/schemas")

  private static let event = EventLine(
    sequence: 7, unixSeconds: 1.5, event: EventKind.roleChanged.rawValue, level: .notice, message: "m",
    fields: ["site": "uf"])

  private static let samples: [any View] = [
    Figure3.atUF, Figure3.atPU, Figure3.peers, Figure3.vines, Figure3.gndt, Figure3.lndt, Figure3.blocks,
    Figure3.voters, Figure3.links, Figure3.relay, Figure3.queues, Figure3.certs, Figure3.drops, Figure3.map,
    Figure3.explained, Figure3.refused, Figure3.examined,
    EventsView(events: [event], lastSequence: 7, forgotten: 0), event,
    AuthorityAnswer(authorityKey: .locked, key: "k"),
    InvitationAnswer(token: "vine1abc", site: "pu", hosts: 20, expiresUnixSeconds: 9),
    VineAnswer(name: "physics", networkId: 1), HostAnswer(address: "172.16.0.10", vines: ["physics"]),
    BlockAnswer(block: "172.16.0.0/24", gateway: "172.16.0.1"), SiteAnswer(site: "pu", blocksKept: 1),
    PinAnswer(site: nil), PinAnswer(site: "nwu"), ProbeAnswer(link: Figure3.links.links[0]),
    ReloadAnswer(changed: ["policy"], needRestart: []),
    CheckAnswer(
      clients: 1, seconds: 1, decisions: 2, unanswered: 0, medianMilliseconds: 1, p99Milliseconds: nil),
    ErrorView(error: "e", mend: "m", exitCode: .failed),
    InitResult(site: "uf", block: "b", meshID: "m", nextCommand: "n"),
    JoinResult(site: "pu", block: "b", meshID: "m", meshName: "demo", nextCommand: "n"),
    RecoverResult(
      epoch: 2, site: "uf", lostVoters: ["pu"], decisionsKept: 1, decisionsDropped: 0, quarantined: [],
      quarantineSeconds: 1),
  ]

  @Test func `every view has keys as in its schema, and no others`() throws {
    for view in Self.samples {
      let name = type(of: view).name
      let schema = try Self.schema(name)
      let document = try JSONSerialization.jsonObject(with: view.document())
      let faults = Check(root: schema).faults(document, schema, at: name)
      #expect(faults.isEmpty, "\(faults.joined(separator: "\n"))")
    }
  }

  @Test func `every schema has a sample here`() throws {
    let published = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .map { String($0.prefix { $0 != "." }) }
    #expect(Set(published) == Set(Self.samples.map { type(of: $0).name }))
  }

  /// - Parameter spoil: keys of the document and what they are made.
  @Test(arguments: [
    (#"{"site":null}"#, "map: `site` is missing"), (#"{"colour":"red"}"#, "map: `colour` is not in the schema"),
    (#"{"site":7}"#, "map.site is no string"), (#"{"schema":"vine-mesh.map/2"}"#, "map.schema is another"),
    (#"{"links":[{"from":"a","to":"b"}]}"#, "map.links[0]: `bandwidthMbps` is missing"),
  ])
  func `a document that is not as its schema says is found`(spoil: String, fault: String) throws {
    var document = try #require(JSONSerialization.jsonObject(with: Figure3.map.document()) as? [String: Any])
    let changes = try #require(JSONSerialization.jsonObject(with: Data(spoil.utf8)) as? [String: Any])
    for (key, value) in changes { document[key] = value is NSNull ? nil : value }
    let schema = try Self.schema("map")
    #expect(Check(root: schema).faults(document, schema, at: "map") == [fault])
  }

  private static func schema(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: folder.appendingPathComponent("\(name).schema.json"))
    return try #require(
      JSONSerialization.jsonObject(with: data) as? [String: Any], "the schema of \(name) is no object")
  }
}

/// As much of JSON Schema as the published schemas use, and stricter: keys that the schema does not name are faults.
private struct Check {
  let root: [String: Any]

  func faults(_ value: Any, _ schema: [String: Any], at place: String) -> [String] {
    if let pointer = schema["$ref"] as? String {
      let name = pointer.split(separator: "/").last.map(String.init) ?? ""
      guard let part = (root["$defs"] as? [String: [String: Any]])?[name] else { return ["\(place): no \(pointer)"] }
      return faults(value, part, at: place)
    }
    if let wanted = schema["const"] as? String { return value as? String == wanted ? [] : ["\(place) is another"] }
    if let words = schema["enum"] as? [String] {
      return words.contains(value as? String ?? "") ? [] : ["\(place): `\(value)` is none of \(words)"]
    }
    switch schema["type"] as? String {
    case "object":
      guard let object = value as? [String: Any] else { return ["\(place) is no object"] }
      if let any = schema["additionalProperties"] as? [String: Any] {
        return object.keys.sorted().flatMap { faults(object[$0] ?? "", any, at: "\(place).\($0)") }
      }
      guard let properties = schema["properties"] as? [String: [String: Any]] else {
        return ["\(place): the schema has no properties"]
      }
      let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
      return missing.map { "\(place): `\($0)` is missing" }
        + object.keys.sorted().flatMap { key in
          guard let property = properties[key], let value = object[key] else {
            return ["\(place): `\(key)` is not in the schema"]
          }
          return faults(value, property, at: "\(place).\(key)")
        }
    case "array":
      guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else {
        return ["\(place) is no array"]
      }
      return list.enumerated().flatMap { faults($1, items, at: "\(place)[\($0)]") }
    case "string": return value is String ? [] : ["\(place) is no string"]
    case "boolean": return value is Bool ? [] : ["\(place) is no boolean"]
    case "integer", "number": return value is NSNumber ? [] : ["\(place) is no number"]
    default: return ["\(place): the schema has no type"]
    }
  }
}
