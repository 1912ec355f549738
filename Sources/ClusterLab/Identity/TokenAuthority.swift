import X509

/// Creates the security tokens with which the CTL file of an old cluster was written: keys in files, and certificates
/// as the manufacturer's CA would issue them. Names as in docs/trust-list-format.md.
enum TokenAuthority {
    static func issue(
        _ tokens: [(name: String, key: @Sendable () throws -> PrivateKey)], authority: PrivateKey, in folder: String
    ) throws {
        for (name, key) in tokens {
            let key = try key()
            let builder = CertificateBuilder(
                subject: DistinguishedName(["CN": name + "        ", "OU": "IPCBU", "O": "Cisco Systems, Inc."]),
                serialNumber: [0x83] + (0..<9).map { _ in UInt8.random(in: .min ... .max) },
                notBefore: Clock.now - 8 * 365 * 86400, notAfter: Clock.now + 12 * 365 * 86400, digest: .sha1)
            let certificate = try builder.issue(
                for: key.publicKey(),
                issuer: DistinguishedName(["CN": "Cisco Manufacturing CA", "O": "Cisco Systems"]),
                signedBy: authority)
            try Credential(certificate: certificate, key: key).write(folder: folder, name: name)
        }
    }
}
