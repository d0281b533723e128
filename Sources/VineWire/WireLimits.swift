import VineGossip

/// Sizes that no decoder goes beyond. What a decoder allocates is at most a small multiple of its input.
public enum WireLimits {
  /// A control message up to this goes in one frame: with 36 bytes of frame and 40 of relay it fits the smallest
  /// path MTU that VRs assume (1280) with room for options.
  public static let frameByteCountMax = 1100
  /// A control message, put together; a join grant with 64 records of the longest has not more.
  public static let messageByteCountMax = 256 << 10
  /// A fragment's share: a full fragment encodes to at most `frameByteCountMax`.
  public static let fragmentByteCountMax = 1080
  /// Fragments of a message of `messageByteCountMax`.
  public static let fragmentCountMax = (messageByteCountMax + fragmentByteCountMax - 1) / fragmentByteCountMax
  /// The payload of a signed record, as VineGossip takes it.
  public static let payloadByteCountMax = SignedRecord.payloadByteCountMax
  /// A signed record as stored: payload, key, signature, author and framing.
  public static let recordByteCountMax = 3500
  /// A registry command.
  public static let commandByteCountMax = 900
  /// A stored log entry: a command, or the voters.
  public static let logEntryByteCountMax = 1024
  /// The state of a snapshot; 1000 sites need a hundredth of it.
  public static let snapshotByteCountMax = 32 << 20
  /// What identifies a record within its kind; the longest is a participation's key with 37 bytes.
  public static let recordIDByteCountMax = 64
  /// Site and ViNe names, as DNS labels.
  public static let nameByteCountMax = 63
  /// Software versions and names of limits.
  public static let wordByteCountMax = 64
  /// Reasons for people.
  public static let textByteCountMax = 512
  /// A genesis or a certificate.
  public static let certificateByteCountMax = 4096
  /// Endpoints of one VR.
  public static let endpointCountMax = 8
  /// Frames of one train, 1.4 MB.
  public static let trainPacketCountMax: UInt32 = 1024
  /// Of a probe that says something by its length.
  public static let paddingByteCountMax = 1500
  /// Links that a VR tells of in its record.
  public static let linkCountMax = 12
  /// Terms, indices, epochs, incarnations: beyond this nobody counted, and a core may add to it without overflow.
  public static let counterMax = UInt64(1) << 62
  /// The last second of the year 9999: beyond it no certificate and no invitation is dated.
  public static let secondsMax: Int64 = 253_402_300_799
  /// Records in one join grant.
  public static let grantRecordCountMax = 64
}
