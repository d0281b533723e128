import Synchronization
import VineBase
import VineDataPlane
import VineRouting

/// Drop counters of the last minute: a sample of the totals every five seconds.
final class DropHistory: Sendable {
  private static let interval = Duration.seconds(5)
  private static let samplesMax = 12
  private let samples = Mutex(BoundedQueue<[UInt64]>(capacity: DropHistory.samplesMax))

  func run(_ dataPlane: DataPlane) async {
    while !Task.isCancelled {
      let status = await dataPlane.status()
      samples.withLock { _ = $0.append(status.drops.map(\.1)) }
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Reason, total, and how many of them in the last minute.
  func drops(_ status: DataPlaneStatus) -> [(reason: DropReason, total: UInt64, lastMinute: UInt64)] {
    let oldest = samples.withLock { $0.elements.first } ?? []
    return status.drops.enumerated().map { position, drop in
      (drop.0, drop.1, drop.1 - (position < oldest.count ? oldest[position] : 0))
    }
  }
}

extension DataPlane {
  /// What the data thread holds and has counted.
  func status() async -> DataPlaneStatus {
    await withCheckedContinuation { continuation in post(.status { continuation.resume(returning: $0) }) }
  }
}
