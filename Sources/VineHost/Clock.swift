import Glibc
import VineBase
import VineDataPlane

/// The clocks that the shell reads for the cores.
enum Clock {
  /// Of the data plane's clock, so that both threads' instants can be compared.
  static var now: Instant { MonotonicClock.now }

  static var wall: WallTime { WallTime(secondsSince1970: Int64(time(nil))) }
}
