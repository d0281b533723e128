extension GNDTAgreement {
  /// `7/9 VRs at v17.42, behind: osaka (v17.40, 12 s), nwu (silent); down: pu`.
  public var sentence: String {
    let groups: [(String, [GNDTDifference])] = [
      ("behind", [.behind, .silent]), ("ahead", [.ahead]), ("another table", [.differs]),
    ]
    var parts = [count]
    for (title, reasons) in groups {
      let told = laggards.filter { reasons.contains($0.reason) }.map(\.phrase)
      if !told.isEmpty { parts.append("\(title): \(Phrase.names(told))") }
    }
    return parts.joined(separator: ", ") + (down.isEmpty ? "" : "; down: \(Phrase.names(down))")
  }

  /// `7/9 VRs at v17.42`
  var count: String { "\(agreeing)/\(participantsUp) VR\(participantsUp == 1 ? "" : "s") at \(version)" }

  /// Enough to compare two screens by eye.
  var shortDigest: String { String(digest.prefix(8)) }
}

extension GNDTLaggard {
  fileprivate var phrase: String {
    guard let version else { return "\(site) (silent)" }
    return "\(site) (\(version)\(seconds.map { ", \(Measure.duration($0))" } ?? ""))"
  }
}
