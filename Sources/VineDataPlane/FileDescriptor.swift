import Glibc

/// Owns a descriptor and closes it when it goes.
struct FileDescriptor: ~Copyable {
  let raw: Int32

  /// - Throws: what errno says if a call that makes a descriptor gave a negative number.
  init(_ raw: Int32) throws(SystemError) {
    guard raw >= 0 else { throw .last }
    self.raw = raw
  }

  deinit { close(raw) }
}
