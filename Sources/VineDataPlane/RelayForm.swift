import VineSession

/// The two shapes of a relay frame (kind 5).
///
/// ```
/// plain:       [header 24][tag 16][inner frame]
/// with source: [header 24][source tag u64, sealed][tag 16][inner frame]
/// ```
/// One tag is enough between a VR and a queue-VR: on the way in it is the destination (the source is the session's
/// peer), on the way to a limited-VR over its channel it is the source (the destination is the session's peer). From
/// a queue-VR to any other VR both must be said: such a frame has `hops` 1 and does not come over a channel that its
/// receiver dialled, which tells it apart.
enum RelayForm {
  case plain, withSource

  var sealedByteCount: Int { self == .plain ? 0 : 8 }
  /// Everything before the inner frame.
  var byteCount: Int { FrameSize.relayOverhead + sealedByteCount }
}
