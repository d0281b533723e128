/// A reference that is not counted, for the hot path: somebody else keeps the object meanwhile.
///
/// Sessions and peers are kept by `Peers`, which changes between two batches and not within one; a table is kept there
/// until the next one is adopted. Loading a counted reference would cost a retain and a release for each packet.
struct Uncounted<Object: AnyObject> {
  private let reference: Unmanaged<Object>

  init(_ object: Object) { reference = .passUnretained(object) }

  @inline(__always)
  func with<Result>(_ body: (Object) -> Result) -> Result { reference._withUnsafeGuaranteedRef(body) }
}
