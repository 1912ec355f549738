import Basics
import Messages
import TrustList
import X509

/// Whether one of the cluster's own signers is in a CTL file, and with the certificate that the publisher has now.
///
/// An upgrade may have regenerated ITLRecovery and left the file as it was (Cisco field notice FN70613). Signers of other
/// clusters may be in the file, too; they are left alone.
public struct ClusterSigner: Sendable {
    /// A SAST record that does not belong to a token, as far as it matters here.
    public struct Entry: Sendable {
        let subject: String?
        let sha1: String
        let isITLRecovery: Bool

        /// Nil if it is not a signer of a cluster, or contains no certificate.
        public init?(_ record: Record) {
            guard record.role == .sast, !record.isToken, let certificate = record.x509 else { return nil }
            (subject, sha1) = (certificate.subject.rendered(.cucm), certificate.sha1.hex)
            isITLRecovery = record.isITLRecovery
        }

        init?(_ record: ClusterStatus.TrustList.Record) {
            guard record.role == Role.sast.rawValue, record.dnsName?.isEmpty != true, let sha1 = record.certificateSHA1
            else { return nil }
            (subject, self.sha1) = (record.subject, sha1)
            isITLRecovery = record.subject?.uppercased().hasPrefix("CN=ITLRECOVERY_") == true
        }
    }

    /// The units whose certificates sign trust lists.
    public static let units = ["ITLRecovery", "CallManager"]

    /// Whether the file names such a signer at all.
    public let isNamed: Bool
    /// SHA-1 of certificates in the file that the cluster's current one has replaced: empty if the file names the current
    /// one, and no other of the same name.
    public let former: [String]
    /// Whether the file names the current one.
    public let isPresent: Bool

    /// - Parameters:
    ///   - entries: of the file.
    ///   - subject: of the publisher's current certificate, and its SHA-1.
    public init(_ unit: String, in entries: [Entry], subject: String?, sha1: String) {
        let own = entries.filter { $0.isITLRecovery == (unit == "ITLRecovery") }
        isNamed = !own.isEmpty
        let hasPresent = own.contains { $0.sha1 == sha1 }
        isPresent = hasPresent
        // The name itself may change, as with a multi-server certificate: then nothing in the file is the current one.
        former = own.filter { $0.sha1 != sha1 && (!hasPresent || $0.subject == subject) }.map(\.sha1)
    }

    /// What to do about a file that does not name it.
    ///
    /// - Parameters:
    ///   - isByToken: whether a token signed the file.
    ///   - update: the command that brings the file up to date.
    public static func advice(on unit: String, isByToken: Bool, update: LocalizableText) -> [LocalizableText] {
        unit == "ITLRecovery" && !isByToken ? ClusterStatus.localKeyAdvice : [update]
    }
}
