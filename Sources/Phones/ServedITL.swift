import TrustList
import X509

/// The ITL file that a node serves, and the part of it that phones may not have yet.
///
/// When a certificate is regenerated, the cluster immediately serves a new ITL file, and phones keep the former one
/// until they restart. A certificate that became valid after the CTL file was created is newer than what phones fetched
/// together with that file. Source: docs/phone-acceptance.md, "The ITL file".
struct ServedITL: Sendable {
    let list: TrustListFile
    /// Without the records that are newer than the CTL file; nil if none is.
    let former: TrustListFile?

    init(_ list: TrustListFile, present: TrustListFile?) {
        self.list = list
        guard let present else {
            former = nil
            return
        }
        let old = Set(present.records.compactMap(\.certificate))
        let made = Int64(present.header.timestamp)
        let kept = list.keeping { record in
            guard let certificate = record.x509, !old.contains(certificate.der) else { return true }
            return certificate.notBefore <= made
        }
        former = kept.records.count == list.records.count ? nil : kept
    }
}
