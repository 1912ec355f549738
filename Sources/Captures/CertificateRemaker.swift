import Basics
import X509

/// Certificates recreated, in place: other names, numbers and keys, and everything as long as before. Dates, key sizes,
/// digests and the order and kind of the extensions are those of the original. RSA certificates are signed again: by their
/// own new key, or by that of an issuer that replaces the one they name.
final class CertificateRemaker {
    private let pseudonyms: Pseudonyms
    /// By the DER of the original.
    private var remade: [[UInt8]: [UInt8]] = [:]
    /// By the SubjectPublicKeyInfo of the original.
    private var keys: [[UInt8]: PrivateKey] = [:]
    /// Of issuers of which there is no certificate: by their name, DER.
    private var issuers: [[UInt8]: PrivateKey] = [:]
    /// By the names of the originals, DER.
    private var keysBySubject: [[UInt8]: PrivateKey] = [:]

    /// How many were recreated.
    var count: Int { remade.count }

    init(_ pseudonyms: Pseudonyms) { self.pseudonyms = pseudonyms }

    /// Learns the names in certificates, generates keys for all of them, and recreates them.
    ///
    /// - Throws: ``CertificateError``.
    func prepare(_ originals: Set<[UInt8]>) throws(CertificateError) {
        let certificates = originals.compactMap { try? Certificate(der: $0) }.sorted { $0.sha1.hex < $1.sha1.hex }
        var wanted: [PublicKey] = []
        for certificate in certificates {
            for attribute in certificate.subject.attributes + certificate.issuer.attributes { learn(attribute) }
            let key = certificate.publicKey
            if keys[key.der] == nil, !wanted.contains(key) { wanted.append(key) }
        }
        let generated = try Concurrently.map(wanted) { (key) throws(CertificateError) in
            (key, try PrivateKey.generate(like: key))
        }
        for (old, new) in generated {
            keys[old.der] = new
            let publicKey = try new.publicKey()
            pseudonyms.learn(old.rawKey, is: publicKey.rawKey)
            pseudonyms.learn(Digest.sha1(old.rawKey), is: Digest.sha1(publicKey.rawKey))
            pseudonyms.learn(Digest.sha256(old.der), is: Digest.sha256(publicKey.der))
        }
        for certificate in certificates {
            guard let parts = Parts(certificate.der) else { continue }
            keysBySubject[Array(certificate.der[parts.subject.range])] = keys[certificate.publicKey.der]
        }
        for certificate in certificates { _ = try remake(certificate.der) }
    }

    private func learn(_ attribute: DistinguishedName.Attribute) {
        // A common name may be that of a host, with something before it: ITLRECOVERY_host.domain.
        for part in attribute.value.split(separator: "_") where attribute.type == "CN" && part.contains(".") {
            let isHost = part.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == 0x2D || $0 == 0x2E }
            if isHost, part.contains(where: \.isLetter) { pseudonyms.learn(host: String(part)) }
        }
        pseudonyms.learn(name: attribute.value.utf8)
    }

    /// The replacement of a certificate; nil if it is not one that can be read.
    func remake(_ der: [UInt8]) throws(CertificateError) -> [UInt8]? {
        if let known = remade[der] { return known }
        guard let original = try? Certificate(der: der), let parts = Parts(der) else { return nil }
        guard let key = keys[original.publicKey.der] else {
            try prepare([der])
            return remade[der]
        }
        var patch = Patch(der)
        let serial = patch.bytes[parts.serial.content]
        if serial.count >= Pseudonyms.shortestNumber / 2 {
            patch.replace(parts.serial.content, with: pseudonyms.bytes(Array(serial)))
        }
        for name in [parts.issuer, parts.subject] { scanStrings(&patch, name) }
        let publicKey = try key.publicKey()
        // An unusual exponent or curve: the caller uses random bytes instead.
        guard publicKey.der.count == parts.key.range.count else { return nil }
        patch.replace(parts.key.range, with: publicKey.der)
        if let extensions = parts.extensions { scanExtensions(&patch, extensions) }
        let tbs = Array(patch.bytes[parts.tbs.range])
        let old = Array(der[parts.signature.content].dropFirst())
        let isSelfSigned = der[parts.issuer.range].elementsEqual(der[parts.subject.range])
        let signer = try isSelfSigned ? key : issuer(Array(der[parts.issuer.range]), old.count)
        let place = (parts.signature.content.lowerBound + 1)..<parts.signature.content.upperBound
        patch.replace(place, with: Self.signature(tbs, signer, Self.digest(parts, der), like: old))
        let new = patch.bytes
        remade[der] = new
        for digest in [Digest.md5, Digest.sha1, Digest.sha256] { pseudonyms.learn(digest(der), is: digest(new)) }
        return new
    }

    /// The new key of a certificate.
    func key(for certificate: Certificate) -> PrivateKey? { keys[certificate.publicKey.der] }

    // MARK: -

    private func issuer(_ name: [UInt8], _ length: Int) throws(CertificateError) -> PrivateKey? {
        if let key = keysBySubject[name] ?? issuers[name] { return key }
        // The signature is as long as the key, if it is an RSA key.
        guard [64, 128, 256, 384, 512].contains(length) else { return nil }
        let key = try PrivateKey.generate(bits: length * 8)
        issuers[name] = key
        return key
    }

    /// A signature as long as the former one. If it cannot be created, the bytes after its head are random: nobody can
    /// verify those.
    private static func signature(
        _ message: [UInt8], _ key: PrivateKey?, _ digest: DigestAlgorithm?, like old: [UInt8]
    ) -> [UInt8] {
        if let key, let digest {
            // The length of an ECDSA signature varies by a byte or two.
            for _ in 0..<64 {
                guard let new = try? key.sign(message, digest: digest) else { break }
                if new.count == old.count { return new }
                if (try? key.publicKey().isRSA) != false { break }
            }
        }
        return Array(old.prefix(6)) + old.dropFirst(6).map { _ in UInt8.random(in: 1...0x7F) }
    }

    /// By the algorithm's object identifier: 1.2.840.113549.1.1.n, or 1.2.840.10045.4.3.n.
    private static func digest(_ parts: Parts, _ der: [UInt8]) -> DigestAlgorithm? {
        let bytes = Array(der[parts.algorithm.content])
        if bytes.firstRange(of: [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01]) != nil, bytes.count > 10 {
            switch bytes[10] {
            case 5: return .sha1
            case 11: return .sha256
            case 13: return .sha512
            default: return nil
            }
        }
        guard let range = bytes.firstRange(of: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03]),
            range.upperBound < bytes.count
        else { return nil }
        return bytes[range.upperBound] == 2 ? .sha256 : bytes[range.upperBound] == 4 ? .sha512 : nil
    }

    /// Strings anywhere inside: UTF8String, NumericString, PrintableString, T61String, IA5String.
    private func scanStrings(_ patch: inout Patch, _ item: DERItem) {
        if item.isConstructed {
            for inner in item.items(in: patch.bytes) ?? [] { scanStrings(&patch, inner) }
        } else if [0x0C, 0x12, 0x13, 0x14, 0x16].contains(item.tag) {
            pseudonyms.scan(&patch, item.content, .data)
        } else if item.tag == 0x1E {
            // BMPString: two bytes a character.
            for index in item.content where patch.bytes[index].isLetter {
                patch.replace(index..<(index + 1), with: [0x78])
            }
        }
    }

    private func scanExtensions(_ patch: inout Patch, _ extensions: DERItem) {
        for item in extensions.items(in: patch.bytes)?.first?.items(in: patch.bytes) ?? [] {
            guard let parts = item.items(in: patch.bytes), let oid = parts.first, let value = parts.last,
                value.tag == 4,
                let inner = DERItem(patch.bytes, at: value.content.lowerBound, before: value.content.upperBound)
            else { continue }
            scanExtension(&patch, inner, Array(patch.bytes[oid.content]))
        }
    }

    /// Key identifiers are numbers; names, addresses and locations have tags of their own (RFC 5280, GeneralName).
    private func scanExtension(_ patch: inout Patch, _ item: DERItem, _ oid: [UInt8]) {
        let (subjectKey, authorityKey): ([UInt8], [UInt8]) = ([0x55, 0x1D, 14], [0x55, 0x1D, 35])
        if item.isConstructed {
            for inner in item.items(in: patch.bytes) ?? [] { scanExtension(&patch, inner, oid) }
        } else if (oid == subjectKey && item.tag == 4) || (oid == authorityKey && [0x80, 0x82].contains(item.tag)) {
            guard item.content.count >= Pseudonyms.shortestNumber / 2 else { return }
            patch.replace(item.content, with: pseudonyms.bytes(Array(patch.bytes[item.content])))
        } else if item.tag == 0x87, [4, 16].contains(item.content.count) {
            let old = Array(patch.bytes[item.content])
            patch.replace(item.content, with: old.count == 4 ? pseudonyms.address(bytes: old) : pseudonyms.bytes(old))
        } else if [0x81, 0x82, 0x86].contains(item.tag), patch.bytes[item.content].allSatisfy({ $0 >= 0x20 }) {
            pseudonyms.scan(&patch, item.content, .data)
        } else {
            scanStrings(&patch, item)
        }
    }

    /// The parts of a certificate (RFC 5280, section 4.1).
    private struct Parts {
        let tbs, serial, issuer, subject, key, algorithm, signature: DERItem
        let extensions: DERItem?

        init?(_ der: [UInt8]) {
            guard let whole = DERItem(der, at: 0, before: der.count), let outer = whole.items(in: der),
                outer.count == 3,
                var fields = outer[0].items(in: der)?[...]
            else { return nil }
            if fields.first?.tag == 0xA0 { fields.removeFirst() }
            guard fields.count >= 6 else { return nil }
            let list = Array(fields)
            (tbs, algorithm, signature) = (outer[0], outer[1], outer[2])
            (serial, issuer, subject, key) = (list[0], list[2], list[4], list[5])
            extensions = list.dropFirst(6).first { $0.tag == 0xA3 }
            guard signature.tag == 3, signature.content.count > 7 else { return nil }
        }
    }
}
