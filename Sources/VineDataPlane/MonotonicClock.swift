import Glibc
import VineBase

/// The one monotonic clock of the process; the data thread reads it once each time it wakes up.
public enum MonotonicClock {
  public static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The clock of the kernel's arrival stamps (CLOCK_REALTIME), which may be set at any time: nanoseconds.
  static var ofStamps: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
