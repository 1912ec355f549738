import Basics
import Dispatch
import Synchronization
import X509

/// The certificates of a snapshot, recreated with the lab's own keys: the same names, serial numbers, validity, key
/// sizes and digests. `DIR/like` contains them, named by the SHA-1 of the originals.
struct RemadeCertificates: Sendable {
    let folder: String

    /// The replacement of a certificate; nil if none was created.
    func credential(for der: [UInt8]) -> Credential? {
        try? Credential(folder: folder, name: Digest.sha1(der).hex)
    }

    /// Creates them all in parallel. A certificate that cannot be read is left out: where it was used, the lab's own
    /// stays.
    static func make(_ originals: [[UInt8]], nodes: [LabPlan.Node], folder: String) throws {
        try LabFiles.makeFolder(folder)
        let certificates = Set(originals).compactMap { try? Certificate(der: $0) }
        // One CA is enough for all that are not self-signed: nobody checks who signed them, only their names.
        let authority = try PrivateKey.generate(bits: 2048)
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: certificates.count) { index in
            do {
                let original = certificates[index]
                try remake(original, nodes, authority).write(folder: folder, name: original.sha1.hex)
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private static func remake(
        _ original: Certificate, _ nodes: [LabPlan.Node], _ authority: PrivateKey
    ) throws -> Credential {
        // The lab has RSA keys only.
        let bits = original.publicKey.isRSA ? original.publicKey.bits : 2048
        let key = try PrivateKey.generate(bits: [512, 1024, 2048, 3072, 4096].contains(bits) ? bits : 2048)
        let extensions = try extensions(original, nodes, key)
        let builder = CertificateBuilder(
            subject: original.subject, serialNumber: original.serialNumber, notBefore: original.notBefore,
            notAfter: original.notAfter, digest: digest(original), extensions: extensions)
        let isSelfSigned = original.subject == original.issuer
        let certificate =
            isSelfSigned
            ? try builder.selfSigned(by: key)
            : try builder.issue(for: key.publicKey(), issuer: original.issuer, signedBy: authority)
        return Credential(certificate: certificate, key: key)
    }

    /// The usual extensions that the original has, by their object identifiers 2.5.29.n.
    private static func extensions(
        _ original: Certificate, _ nodes: [LabPlan.Node], _ key: PrivateKey
    ) throws -> [(name: String, value: String)] {
        func has(_ number: UInt8) -> Bool { original.der.firstRange(of: [0x06, 0x03, 0x55, 0x1d, number]) != nil }
        var extensions: [(name: String, value: String)] = []
        if has(15) { extensions.append(("keyUsage", ClusterIdentity.keyUsage)) }
        if has(37) { extensions.append(("extendedKeyUsage", "serverAuth,clientAuth,ipsecEndSystem")) }
        let name = original.subject.value(of: "CN")
        if has(17), let node = nodes.first(where: { $0.name == name }) {
            extensions.append(("subjectAltName", "DNS:\(node.name),IP:\(node.address)"))
        }
        if has(14) { extensions.append(("subjectKeyIdentifier", Digest.sha1(try key.publicKey().rawKey).colonHex)) }
        return extensions
    }

    /// By the algorithm's object identifier 1.2.840.113549.1.1.n, which directly follows the serial number.
    private static func digest(_ certificate: Certificate) -> DigestAlgorithm {
        let prefix: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01]
        guard let range = certificate.der.firstRange(of: prefix), range.upperBound < certificate.der.count else {
            return .sha256
        }
        switch certificate.der[range.upperBound] {
        case 5: return .sha1
        case 13: return .sha512
        default: return .sha256
        }
    }
}
