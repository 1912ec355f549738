import TrustList
import X509

/// Trust lists with other names, numbers, certificates and signature, element by element as long as before.
///
/// Each is created once: what is random in it is the same wherever the list occurs.
final class TrustListRemaker {
    private let pseudonyms: Pseudonyms
    private let certificates: CertificateRemaker
    private var remade: [[UInt8]: [UInt8]] = [:]

    init(pseudonyms: Pseudonyms, certificates: CertificateRemaker) {
        (self.pseudonyms, self.certificates) = (pseudonyms, certificates)
    }

    /// The certificates that bytes contain, if they are a trust list.
    static func certificates(in bytes: [UInt8]) -> [[UInt8]] {
        guard let list = try? TrustListFile(decoding: bytes) else { return [] }
        return list.records.compactMap(\.certificate)
    }

    /// The same list in other names, signed again by the key that replaces its signer's. Nil if the bytes are not a
    /// trust list. If the signer's certificate is not in the list, the signature is random.
    func remake(_ bytes: [UInt8]) throws -> [UInt8]? {
        if let known = remade[bytes] { return known }
        guard let list = try? TrustListFile(decoding: bytes) else { return nil }
        var output: [UInt8] = []
        var place: Range<Int>?
        for element in list.header.elements {
            if element.tag == Header.Tag.signature, case .value(_, let old) = element {
                place = (output.count + 3)..<(output.count + 3 + old.count)
            }
            append(element, to: &output) { tag, value in
                switch tag {
                case Header.Tag.signerName, Header.Tag.caName: name(value)
                case Header.Tag.serialNumber: number(value)
                default: value
                }
            }
        }
        for record in list.records {
            let certificate = try record.certificate.flatMap { try certificates.remake($0) }
            let parsed = certificate.flatMap { try? Certificate(der: $0) }
            for element in record.elements {
                append(element, to: &output) { tag, value in
                    switch tag {
                    case Record.Tag.dnsName, Record.Tag.subjectName, Record.Tag.issuerName: name(value)
                    case Record.Tag.serialNumber: number(value)
                    case Record.Tag.publicKey: parsed.map(\.publicKey.rawKey) ?? pseudonyms.bytes(value)
                    case Record.Tag.signature: parsed.map(\.signatureValue) ?? pseudonyms.bytes(value)
                    case Record.Tag.certificate: certificate ?? pseudonyms.bytes(value)
                    case Record.Tag.ipAddress: pseudonyms.address(bytes: value)
                    case Record.Tag.certificateHash: pseudonyms.bytes(value)
                    default: value
                    }
                }
            }
        }
        guard let place, let new = try? TrustListFile(decoding: output) else { return nil }
        let signer = list.signerRecord?.x509.flatMap(certificates.key)
        let signature = try signer?.sign(new.signedMessage(), digest: new.header.digest)
        output.replaceSubrange(place, with: fitting(signature, list.header.signature))
        for digest in [Digest.md5, Digest.sha1, Digest.sha256] { pseudonyms.learn(digest(bytes), is: digest(output)) }
        remade[bytes] = output
        return output
    }

    private func append(_ element: Element, to output: inout [UInt8], _ change: (UInt8, [UInt8]) -> [UInt8]) {
        switch element {
        case .padding: output.append(element.tag)
        case .container(let tag, let length): output += [tag, UInt8(length >> 8), UInt8(length & 0xFF)]
        case .value(let tag, let old):
            output += [tag, UInt8(old.count >> 8), UInt8(old.count & 0xFF)]
            output += fitting(change(tag, Array(old)), Array(old))
        }
    }

    /// What cannot be as long as the original is random: the structure counts.
    private func fitting(_ new: [UInt8]?, _ old: [UInt8]) -> [UInt8] {
        guard let new, new.count == old.count else { return old.map { _ in UInt8.random(in: 0...255) } }
        return new
    }

    private func name(_ value: [UInt8]) -> [UInt8] {
        var patch = Patch(value)
        pseudonyms.scan(&patch, patch.all, .data)
        return patch.bytes
    }

    private func number(_ value: [UInt8]) -> [UInt8] {
        value.count >= Pseudonyms.shortestNumber / 2 ? pseudonyms.bytes(value) : value
    }
}
