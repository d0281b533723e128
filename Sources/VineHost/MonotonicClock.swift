import Glibc
import VineBase

/// The one place that reads clocks for the cores.
enum Clock {
  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  static var wall: WallTime { WallTime(secondsSince1970: Int64(time(nil))) }
}
