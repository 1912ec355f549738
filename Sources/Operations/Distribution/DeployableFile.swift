import Cluster
import Messages
import TrustList
import X509

/// A CTL file that may replace the one that a cluster serves: phones can read it, and it passes the checks of
/// ``TrustListVerification``. What phones will do with it is another question: see `Forecast`.
public struct DeployableFile: Sendable {
    public let list: TrustListFile
    /// As they are deployed.
    public let bytes: [UInt8]
    /// What messages call it.
    private let path: String

    /// - Parameters:
    ///   - path: where it was read from.
    ///   - time: now, in seconds since 1970.
    /// - Throws: `TrustListError`; ``DeploymentError`` (`verification-failed`), also if it does not call itself
    ///   `CTLFile.tlv`: phones refuse such a file.
    public init(_ bytes: [UInt8], path: String, at time: Int64) throws {
        let list = try TrustListFile(decoding: bytes)
        guard list.header.fileName == TrustListKind.ctl.fileName else {
            throw DeploymentError.otherName(list.header.fileName, path: path)
        }
        let failed = TrustListVerification(of: list, at: time).checks.filter { $0.severity == .error }
        guard failed.isEmpty else { throw DeploymentError.checksFailed(failed, path: path) }
        (self.list, self.bytes, self.path) = (list, bytes, path)
    }

    /// Whether phones would still trust every server of the current file.
    ///
    /// - Throws: ``DeploymentError`` (`missing-servers`).
    public func checkServers(replacing present: DistributedFile) throws(DeploymentError) {
        let missing = missingServers(replacing: present)
        guard missing.isEmpty else { throw .missingServers(missing, path: path) }
    }

    /// The servers that a current file contains and this one lacks, by name, each once: phones would no longer trust them.
    ///
    /// A server whose record is emptied is still there: that is what a file looks like in non-secure mode.
    func missingServers(replacing present: DistributedFile) -> [String] {
        let servers = present.variants.compactMap { try? TrustListFile(decoding: $0) }.flatMap(\.records)
            .filter { record in [Role.ccm, .ccmTFTP, .tftp].contains { $0 == record.role } }
        let missing = servers.filter { server in !list.records.contains { $0.isServer(of: server) } }
        return Set(missing.map { $0.dnsName ?? "-" }).sorted()
    }

    /// Whether phones that hold the current file know the signer from it. Those that do not know it accept this file
    /// only if TVS vouches for the signer (docs/phone-acceptance.md). Also true if there is no readable current file.
    public func isSignerKnown(to present: DistributedFile) -> Bool {
        guard let before = present.variants.first, before != bytes,
            let old = try? TrustListFile(decoding: before)
        else { return true }
        // As phones do: by the names, and then by the key of the first record that has them (rule 2). The same names
        // with a different key belong to a different signer.
        guard let record = list.signerRecord, let signer = CandidateSigner(record: record) else { return false }
        let known = old.records.first {
            $0.role == .sast && $0.certificate != nil
                && $0.names(issuer: list.header.caName, serialNumber: list.header.serialNumber)
        }
        return known?.certificate.map(signer.isKey(of:)) ?? false
    }
}

/// Why a CTL file is not deployed.
public struct DeploymentError: UserError {
    public enum Code: String, Sendable {
        /// Phones could not use it.
        case verificationFailed = "verification-failed"
        /// It lacks servers that the current file has.
        case missingServers = "missing-servers"
    }

    public let code: Code
    public let text: LocalizableText
    public let next: LocalizableText?
    public let details: [LocalizableText]

    private init(_ code: Code, _ text: LocalizableText, next: LocalizableText, details: [LocalizableText] = []) {
        (self.code, self.text, self.next, self.details) = (code, text, next, details)
    }

    fileprivate static func otherName(_ name: String, path: String) -> DeploymentError {
        DeploymentError(
            .verificationFailed, localized("\(path) calls itself \(name); expected CTLFile.tlv."),
            next: localized("Specify a CTL file: etoken-bridge ctl show \(path: path)"))
    }

    fileprivate static func checksFailed(_ failed: [TrustListVerification.Check], path: String) -> DeploymentError {
        DeploymentError(
            .verificationFailed,
            localized("\(path) fails \(failed.count) of its checks, and was not deployed: \(failed[0].text)"),
            next: localized("See all of them: etoken-bridge ctl verify \(path: path)"), details: failed.map(\.text))
    }

    fileprivate static func missingServers(_ names: [String], path: String) -> DeploymentError {
        DeploymentError(
            .missingServers,
            localized("\(path) has no record of \(names.list), which the current CTL file has; it was not deployed."),
            next: localized(
                "See how they differ: etoken-bridge ctl fetch --output CTLFile.tlv, then ctl diff. If that is what you want, add --allow-missing-servers."
            ))
    }
}
