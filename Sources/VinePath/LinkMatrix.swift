import VineBase

/// What the mesh knows of its links: each VR tells what it measured of its own in its record, and everybody reads the
/// same.
public struct LinkMatrix: Sendable {
  private var told = SortedMap<NodeID, SortedMap<NodeTag, ReadingFilter.Step>>()

  public init() {}

  public subscript(node: NodeID) -> SortedMap<NodeTag, ReadingFilter.Step> {
    get { told[node] ?? [:] }
    set { told[node] = newValue.isEmpty ? nil : newValue }
  }

  /// The link between two VRs, the slower of what both say of it; nil if neither says anything.
  public func between(_ one: NodeID, _ other: NodeID) -> ReadingFilter.Step? {
    let (mine, theirs) = (told[one]?[other.tag], told[other]?[one.tag])
    guard let mine else { return theirs }
    return theirs.map { min(mine, $0) } ?? mine
  }

  /// The fastest link that anybody knows of the VR: its own line carries as much at least.
  public func fastest(of node: NodeID) -> ReadingFilter.Step? {
    let own = told[node]?.values.max()
    let others = told.compactMap { $0.1[node.tag] }.max()
    return [own, others].compactMap { $0 }.max()
  }
}
