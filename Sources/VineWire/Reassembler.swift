import VineBase

/// Puts control messages together that came in fragments, in any order, and forgets the ones that do not get complete.
///
/// Bounded for each peer and in all, in messages and so in bytes; the oldest goes first. A peer cannot disturb
/// what another one sends: identifiers belong to their sender.
public struct Reassembler: Sendable {
  /// Messages of one peer at a time: a join grant and an answer are on the way together, rarely more.
  public static let messagesOfPeerMax = 4
  /// Messages of all peers at a time; with `WireLimits.messageByteCountMax` at most 16 MiB.
  public static let messagesMax = 64
  /// Longer than a channel stalls; whoever sent it sends it again, cut anew.
  public static let ageMax = Duration.seconds(10)

  private struct Key: Hashable, Comparable {
    let peer: NodeID
    let id: UInt32
    static func < (left: Self, right: Self) -> Bool { (left.peer, left.id) < (right.peer, right.id) }
  }

  private struct Message {
    let since: Instant
    let count: UInt16
    var pieces = SortedMap<UInt16, [UInt8]>()
  }

  private var messages = SortedMap<Key, Message>()
  /// No message began before; so that most fragments need no look at the others.
  private var earliest: Instant?

  public init() {}

  /// Messages that are not complete yet.
  public var pending: Int { messages.count }

  /// The fragments of `bytes`, in order; at least one.
  /// - Parameter id: not in use for another message that this sender has on the way; random or counted.
  public static func cut(_ bytes: [UInt8], id: UInt32) -> [Fragment] {
    precondition(bytes.count <= WireLimits.messageByteCountMax, "a control message of \(bytes.count) bytes")
    let size = WireLimits.fragmentByteCountMax
    let count = max(1, (bytes.count + size - 1) / size)
    return (0..<count).map { index in
      let piece = bytes[(index * size)..<min((index + 1) * size, bytes.count)]
      return Fragment(id: id, index: UInt16(index), count: UInt16(count), bytes: Array(piece))
    }
  }

  /// - Returns: the message, once its last missing fragment is there.
  public mutating func add(_ fragment: Fragment, from peer: NodeID, at now: Instant) -> [UInt8]? {
    expire(at: now)
    guard fragment.count <= WireLimits.fragmentCountMax else { return nil }
    let key = Key(peer: peer, id: fragment.id)
    if messages[key]?.count != fragment.count {
      // The first piece, or the identifier was given to a new message.
      messages.removeValue(forKey: key)
      makeRoom(for: peer)
      messages[key] = Message(since: now, count: fragment.count)
      earliest = min(earliest ?? now, now)
    }
    let pieces = messages.update(key) { message in
      message.pieces[fragment.index] = fragment.bytes
      return message.pieces.count == Int(message.count) ? message.pieces.values : nil
    }
    guard let pieces, let pieces else { return nil }
    messages.removeValue(forKey: key)
    return Array(pieces.joined())
  }

  /// Call it when a peer is gone; its messages never get complete.
  public mutating func forget(_ peer: NodeID) {
    for key in messages.keys where key.peer == peer { messages.removeValue(forKey: key) }
  }

  private mutating func expire(at now: Instant) {
    guard let earliest, now - earliest > Self.ageMax else { return }
    for (key, message) in messages where now - message.since > Self.ageMax { messages.removeValue(forKey: key) }
    self.earliest = messages.values.map(\.since).min()
  }

  private mutating func makeRoom(for peer: NodeID) {
    let own = messages.filter { $0.0.peer == peer }
    if own.count >= Self.messagesOfPeerMax {
      removeOldest(of: own)
    } else if messages.count >= Self.messagesMax {
      removeOldest(of: Array(messages))
    }
  }

  private mutating func removeOldest(of candidates: [(Key, Message)]) {
    guard let oldest = candidates.min(by: { ($0.1.since, $0.0) < ($1.1.since, $1.0) }) else { return }
    messages.removeValue(forKey: oldest.0)
  }
}
