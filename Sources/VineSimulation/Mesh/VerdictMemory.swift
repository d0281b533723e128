import Synchronization
import VineBase
import VineGossip
import VineIdentity
import VineRouter
import VineSession

/// Remembers what each signature, certificate and record came to. That depends on the bytes alone, and thousands of VRs
/// look at the same bytes; the records and what they read of them they share: 4096
/// VRs that join hold 50 million records, which would be 30 GB.
final class VerdictMemory: Sendable {
  private struct Checked: Hashable {
    let signature: [UInt8]
    let author: NodeID
    /// Of the signed bytes.
    let hash: Int
  }

  private let signatures = Mutex<[Checked: Bool]>([:])
  private let contents = Mutex<[SignedRecord: RecordContent]>([:])
  private let records = Mutex<Set<SignedRecord>>([])
  private let certificates = Mutex<[[UInt8]: Result<CertifiedVR, CertificateError>]>([:])

  func checks(_ trust: MeshTrust) -> Checks {
    let real = Checks(trust: trust)
    return Checks(
      signature: { [self] signature, bytes, author in
        let key = Checked(signature: signature, author: author, hash: bytes.hashValue)
        if let known = signatures.withLock({ $0[key] }) { return known }
        let verdict = real.signature(signature, bytes, author)
        signatures.withLock { $0[key] = verdict }
        return verdict
      },
      certificate: { [self] der, now in
        if let known = certificates.withLock({ $0[der] }) { return known }
        let verdict = real.certificate(der, now)
        certificates.withLock { $0[der] = verdict }
        return verdict
      },
      content: { [self] record in
        if let known = contents.withLock({ $0[record] }) { return known }
        let content = real.content(record)
        contents.withLock { $0[record] = content }
        return content
      },
      kept: { [self] record in records.withLock { $0.insert(record).memberAfterInsert } })
  }
}
