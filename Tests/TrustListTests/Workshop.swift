import Basics
import TrustList
import X509

/// Certificates and trust lists for the tests, with the lengths printed in docs/trust-list-format.md.
enum Workshop {
    /// 2015-03-06 19:45:13 UTC, in the validity of every certificate made here.
    static let time: UInt32 = 1_425_671_113

    /// Created once: RSA keys take long.
    static let publisherKey = try! PrivateKey.generate(bits: 1024)
    static let subscriberKey = try! PrivateKey.generate(bits: 1024)
    static let capfKey = try! PrivateKey.generate(bits: 1024)
    static let firstTokenKey = try! PrivateKey.generate(bits: 1024)
    static let secondTokenKey = try! PrivateKey.generate(bits: 1024)
    static let manufacturerKey = try! PrivateKey.generate(bits: 1024)

    static let publisher = serverCertificate("cucm-1051-a-pub", publisherKey, length: 694, serial: 0x70)
    static let subscriber = serverCertificate("cucm-1051-a-sub1", subscriberKey, length: 696, serial: 0x6b)
    static let capf = serverCertificate("CAPF-e41e7d87", capfKey, length: 680, serial: 0x74)
    static let firstToken = tokenCertificate(
        "SAST-ADN0054f509", firstTokenKey, serial: [0x3c, 0xf9, 0x27, 0, 0, 0, 0xaf, 0xa2, 0xda, 0x45])
    static let secondToken = tokenCertificate(
        "SAST-ADN008580ef", secondTokenKey, serial: [0x83, 0xe9, 0x08, 0, 0, 0, 0x55, 0x45, 0xaf, 0x31])

    /// The name in a different order than in the trust list, as in CUCM's certificates.
    static func serverName(_ commonName: String) -> DistinguishedName {
        DistinguishedName([
            "L": "Krakow", "ST": "Malopolska", "CN": commonName, "OU": "TAC", "O": "Cisco", "C": "PL",
        ])
    }

    static func serverCertificate(
        _ commonName: String, _ key: PrivateKey, length: Int, serial: UInt8
    ) -> Certificate {
        padded(to: length) { comment in
            try! builder(serverName(commonName), [serial] + Array(repeating: 0x11, count: 15), comment)
                .selfSigned(by: key)
        }
    }

    static func tokenCertificate(_ label: String, _ key: PrivateKey, serial: [UInt8]) -> Certificate {
        let name = DistinguishedName(["O": "Cisco Systems, Inc.", "OU": "IPCBU", "CN": label + "        "])
        let issuer = DistinguishedName(["O": "Cisco Systems", "CN": "Cisco Manufacturing CA"])
        return padded(to: 902) { comment in
            try! builder(name, serial, comment)
                .issue(for: key.publicKey(), issuer: issuer, signedBy: manufacturerKey)
        }
    }

    private static func builder(
        _ subject: DistinguishedName, _ serial: [UInt8], _ comment: String
    ) -> CertificateBuilder {
        CertificateBuilder(
            subject: subject, serialNumber: serial, notBefore: 1_400_000_000, notAfter: 2_000_000_000, digest: .sha1,
            extensions: [("nsComment", comment)])
    }

    /// Lengthens a comment until the certificate has the wanted length.
    private static func padded(to length: Int, make: (String) -> Certificate) -> Certificate {
        var comment = 1
        while true {
            let certificate = make(String(repeating: "x", count: comment))
            if certificate.der.count == length { return certificate }
            precondition(certificate.der.count < length, "no comment gives \(length) bytes")
            comment += max(1, length - certificate.der.count - 16)
        }
    }

    static func tokenlessDraft() throws -> TrustListDraft {
        func record(_ certificate: Certificate, _ role: Role, _ name: String, _ address: [UInt8]) throws -> Record {
            try Record(
                certificate: certificate, role: role, dnsName: name, ipAddress: address, names: .cucm,
                withCertificateSignature: true)
        }
        return TrustListDraft(
            timestamp: time, digest: .sha1,
            records: [
                try record(publisher, .sast, "cucm-1051-a-pub", [10, 48, 47, 153]),
                try record(publisher, .ccmTFTP, "cucm-1051-a-pub", [10, 48, 47, 153]),
                try record(capf, .capf, "cucm-1051-a-pub", [10, 48, 47, 153]),
                try record(subscriber, .ccmTFTP, "cucm-1051-a-sub1", [10, 48, 47, 154]),
            ])
    }

    static func tokenlessFile() throws -> TrustListFile {
        try tokenlessDraft().signed(
            by: SoftwareSigner(certificate: publisher, key: publisherKey))
    }

    /// The file that the CTL Client builds from the tokenless one: the first token first, the signing one last.
    static func ctlClientFile() throws -> TrustListFile {
        let servers = try tokenlessDraft().records.filter { $0.role != .sast }.map { try $0.inCTLClientProfile() }
        return try TrustListDraft(
            timestamp: time, digest: .sha1, records: [.token(firstToken)] + servers + [.token(secondToken)]
        ).signed(
            by: SoftwareSigner(certificate: secondToken, key: secondTokenKey))
    }
}
