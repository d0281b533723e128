/// Numbers as people read them, the same on every machine and in every locale.
public enum Measure {
  /// The two largest units: `8 s`, `2 min 5 s`, `3 h 10 min`, `4 d 1 h`; below ten seconds with one decimal.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds.magnitude < 1e12 else { return "-" }
    guard seconds >= 0 else { return "-" + duration(-seconds) }
    if seconds < 9.95 { return "\(decimal(seconds)) s" }
    let whole = Int(seconds.rounded())
    let units = [("d", whole / 86_400), ("h", whole / 3600 % 24), ("min", whole / 60 % 60), ("s", whole % 60)]
    let first = units.firstIndex { $0.1 > 0 } ?? 3
    return units[first...].prefix(2).filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: " ")
  }

  /// Decimal multiples: `999 B`, `1.5 kB`, `2.0 GB`.
  public static func bytes(_ count: UInt64) -> String {
    guard count >= 1000 else { return "\(count) B" }
    var (value, unit) = (Double(count), 0)
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    while value >= 999.95, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return "\(decimal(value)) \(units[unit])"
  }

  /// One decimal; whole numbers too, so that columns line up. A tenth is rounded half away from zero.
  public static func decimal(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "-" }
    let tenths = Int64((value * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }

  /// What was not measured yet is a dash.
  static func optional(_ value: Double?, _ unit: String) -> String {
    value.map { "\(decimal($0)) \(unit)" } ?? "-"
  }

  static func optionalDuration(_ seconds: Double?) -> String { seconds.map(duration) ?? "-" }

  /// Days of a certificate: whole ones, or hours on the last two days.
  static func days(_ days: Double) -> String {
    guard days.isFinite, days.magnitude < 1e9 else { return "-" }
    guard days > 0 else { return "expired \(duration(-days * 86_400)) ago" }
    return days < 2 ? "\(duration(days * 86_400)) left" : "\(Int(days)) days left"
  }
}
