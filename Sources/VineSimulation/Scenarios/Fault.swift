/// Kinds of faults that a scenario may make.
public enum Fault: String, CaseIterable, Sendable {
  case loss, partition, crash, oneWay, stall, drift, natFlush, change, capacity
  /// No fault, but work for the registry while there are some.
  case decide
}
