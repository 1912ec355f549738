import Basics
import Messages
import X509

/// The certificates that a saved plan brings, compared with the tokens that are inserted. A plan is a file that someone
/// else may have written: a label in it is only a name, and the certificate next to it may be anyone's.
public struct PlanTokens: Sendable {
    /// A token that is inserted.
    public struct Inserted: Sendable {
        let label: String
        let certificates: [Certificate]

        public init(label: String, certificates: [Certificate]) {
            self.label = label
            self.certificates = certificates
        }
    }

    /// A certificate that no inserted token shows.
    public struct Absent: Sendable, Equatable {
        public let label: String
        /// Lower-case hexadecimal, of the certificate.
        public let serialNumber, sha1: String

        /// "SAST-ADN0054f509 (serial number 3C:F9, SHA-1 ...)"
        public var text: LocalizableText {
            localized("\(label) (serial number \(serialNumber.asSerialNumber), SHA-1 \(sha1))")
        }
    }

    /// In the plan's order.
    public let absent: [Absent]

    /// - Throws: ``MigrationError`` (`unusable-tokens`) if an inserted token has the plan's label and another
    ///   certificate, or the plan's certificate and another label.
    public init(of plan: ChangePlan, inserted: [Inserted]) throws(MigrationError) {
        var absent: [Absent] = []
        for token in plan.tokens {
            let certificate = try token.certificate()
            let named = inserted.filter { $0.label == token.label }
            if named.contains(where: { $0.certificates.contains(certificate) }) { continue }
            let this = Absent(
                label: token.label, serialNumber: certificate.serialNumber.hex, sha1: certificate.sha1.hex)
            let next: LocalizableText = localized(
                "Find out who changed the plan. Create it again from the tokens: the same command with --plan FILE.")
            if let first = named.first {
                let found = first.certificates.map(\.sha1.hex).joined(separator: ", ")
                throw MigrationError(
                    .unusableTokens,
                    localized(
                        "Token \(token.label) contains a different certificate than the plan names: the plan has serial number \(this.serialNumber.asSerialNumber), SHA-1 \(this.sha1); on the token: SHA-1 \(found.isEmpty ? "-" : found)."
                    ), next: next)
            }
            if let other = inserted.first(where: { $0.certificates.contains(certificate) }) {
                // One that was planned without the token is called what its certificate says.
                if token.label == ChangePlan.Token(absent: certificate).label { continue }
                throw MigrationError(
                    .unusableTokens,
                    localized(
                        "The plan says that the certificate with SHA-1 \(this.sha1) is of token \(token.label), but it is on token \(other.label)."
                    ), next: next)
            }
            absent.append(this)
        }
        self.absent = absent
    }

    /// Those that the user did not accept by their SHA-1, with colons or without.
    public func missing(accepted: [String]) -> [Absent] {
        let accepted = Set(accepted.map { $0.lowercased().filter { $0 != ":" } })
        return absent.filter { !accepted.contains($0.sha1) }
    }

    /// Refuses certificates that no inserted token shows, unless the user accepted each of them.
    ///
    /// - Throws: ``MigrationError`` (`unusable-tokens`).
    public func check(accepted: [String]) throws(MigrationError) {
        let missing = missing(accepted: accepted)
        guard let first = missing.first else { return }
        throw MigrationError(
            .unusableTokens,
            localized(
                "The plan brings certificates that no inserted token shows: \(missing.map(\.text).joined(separator: "; "))."
            ),
            next: localized(
                "Insert these tokens, and run the command again. If you know from elsewhere that the certificates are theirs, add --accept-absent-token \(first.sha1)"
            ))
    }
}
