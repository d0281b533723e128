import VineBase
import VineGossip

/// A VR that runs never goes back to an older version of a record.
public struct RisingVersions: Checker {
  public let claim = "a record never goes back to an older version"
  private var seen: [Int: (life: Int, versions: [RecordPlace: RecordVersion])] = [:]

  public init() {}

  public mutating func check(_ world: World) -> String? {
    for index in world.live {
      let life = world.life(of: index)
      var known = seen[index].flatMap { $0.life == life ? $0.versions : nil } ?? [:]
      for record in world.router(index).gossip.records {
        if let before = known[record.place], record.version < before {
          return "VR \(index) went from \(before) to \(record.version) of \(record.author)'s record"
        }
        known[record.place] = record.version
      }
      seen[index] = (life, known)
    }
    return nil
  }
}
