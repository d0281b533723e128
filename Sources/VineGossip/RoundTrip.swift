import VineBase

/// How long a VR waits for a neighbour's answer before it asks again: from the round trips of its probes.
///
/// Source: RFC 6298, sections 2 and 3: the smoothed round trip and four times its deviation. There a
/// measurement counts for an eighth and a quarter; here one estimate serves all neighbours, so it counts for less.
struct RoundTrip: Sendable {
  private var smoothed: Duration?
  private var deviation = Duration.zero

  /// An answer took so long. Only to be told of what was asked once (Karn's rule): with several tries nobody knows which
  /// of them was answered.
  mutating func measured(_ time: Duration) {
    guard let before = smoothed else { return (smoothed, deviation) = (time, time / 2) }
    let difference = time < before ? before - time : time - before
    deviation = deviation + (difference - deviation) / 16
    smoothed = before + (time - before) / 16
  }

  /// - Parameters:
  ///   - least: never less, for answers wait in queues, too.
  ///   - unmeasured: as long as nothing was measured.
  func timeout(least: Duration, most: Duration, unmeasured: Duration) -> Duration {
    guard let smoothed else { return unmeasured }
    return min(max(least, smoothed + deviation * 4), most)
  }
}
