import Basics
import Messages
import Testing
import X509

@testable import TrustList

/// Files of other tools and other CAs: records without DNSNAME and IPADDRESS, names with domain components, and ITL files
/// that are too large, extended, or signed by a certificate that phones do not know.
@Suite(.timeLimit(.minutes(5))) struct OtherTools {
    /// A list whose records lack DNSNAME and IPADDRESS, as usecallmanager.nz's tools write them.
    private func bare(_ records: [Record], by certificate: Certificate, _ key: PrivateKey) throws -> TrustListFile {
        let kept = records.map { record in
            let body = record.elements.filter { ![1, 2, 10].contains($0.tag) }
            let length = 5 + body.reduce(0) { $0 + $1.encodedLength }
            return Record(
                elements: Elements([.value(tag: 1, bytes: [UInt8(length >> 8), UInt8(length & 255)])] + body))
        }
        return try TrustListDraft(timestamp: Workshop.time, digest: .sha1, records: kept)
            .signed(by: SoftwareSigner(certificate: certificate, key: key))
    }

    private func codes(_ file: TrustListFile) -> [String] {
        TrustListVerification(of: file, at: Int64(Workshop.time)).checks.filter { $0.severity != .ok }.map(\.code)
    }

    /// One signer that is a server is a tokenless file; one that Cisco issued as a token is one token.
    @Test func aSignerWithoutDNSName() throws {
        let server = try bare(
            Workshop.tokenlessDraft().records, by: Workshop.publisher, Workshop.publisherKey)
        #expect(server.records.allSatisfy { $0.dnsName == nil && !$0.isToken })
        #expect(codes(server).isEmpty && TrustListVerification(of: server, at: Int64(Workshop.time)).isValid)
        let token = try bare([.token(Workshop.secondToken)], by: Workshop.secondToken, Workshop.secondTokenKey)
        #expect(token.records[0].dnsName == nil && token.records[0].isToken)
        #expect(codes(token) == ["too-few-tokens"])
        // An empty DNSNAME is a token's, no matter who issued it: there are tokens of other vendors.
        #expect(try Record.token(Workshop.publisher).isToken)
    }

    /// CUCM seems to leave domain components out of names; files that have them are read as well.
    @Test func aNameWithDomainComponents() throws {
        let full = DistinguishedName(["DC": "example", "O": "Example", "CN": "example-CA"])
        let certificate = try CertificateBuilder(
            subject: Workshop.serverName("cucm"), serialNumber: [7], notBefore: 1_400_000_000, notAfter: 2_000_000_000
        ).issue(for: Workshop.publisherKey.publicKey(), issuer: full, signedBy: Workshop.manufacturerKey)
        #expect(certificate.issuer.attributes.contains { $0.type == "DC" })
        #expect(certificate.issuer.rendered(.cucm) == "CN=example-CA;O=Example")
        let record = try Record(
            certificate: certificate, role: .sast, dnsName: "cucm", ipAddress: [10, 0, 0, 1], names: .cucm,
            withCertificateSignature: true)
        let long = try Record(
            dnsName: "cucm", subjectName: certificate.subject.rendered(.cucm), role: .sast,
            issuerName: "CN=example-CA;O=Example;DC=example", serialNumber: [7],
            publicKey: certificate.publicKey.rawKey, certificateSignature: nil, certificate: certificate.der,
            ipAddress: [10, 0, 0, 1])
        for (one, other) in [(record, long), (long, record), (record, record), (long, long)] {
            #expect(one.names(issuer: try #require(other.issuerName), serialNumber: [0, 7]))
            #expect(!one.names(issuer: try #require(other.issuerName), serialNumber: [8]))
        }
        for wrong in ["CN=example-CA;O=Example;OU=x", "CN=example-CA", "CN=other-CA;O=Example;DC=example"] {
            #expect(!record.names(issuer: wrong, serialNumber: [7]) && !long.names(issuer: wrong, serialNumber: [7]))
        }
        // Neither spelling is unusual.
        for record in [record, long] {
            let file = try TrustListDraft(timestamp: Workshop.time, digest: .sha1, records: [record])
                .signed(by: SoftwareSigner(certificate: certificate, key: Workshop.publisherKey))
            #expect(codes(file).isEmpty)
        }
    }

    private func itl(_ records: [Record], by certificate: Certificate, _ key: PrivateKey, name: String = "ITLFile.tlv")
        throws -> TrustListFile
    {
        try TrustListDraft(fileName: name, timestamp: Workshop.time, digest: .sha1, records: records)
            .signed(by: SoftwareSigner(certificate: certificate, key: key))
    }

    /// More than 39 certificates, or more than 64 KB.
    @Test func anITLFileThatIsTooLarge() throws {
        let own = try Workshop.tokenlessDraft().records[0]
        func filled(_ count: Int, comment: Int) throws -> TrustListFile {
            let others = try (0..<count).map { number in
                let certificate = try CertificateBuilder(
                    subject: DistinguishedName(["CN": "node \(number)"]), serialNumber: [1, UInt8(number)],
                    notBefore: 1_400_000_000, notAfter: 2_000_000_000,
                    extensions: [("nsComment", String(repeating: "x", count: comment))]
                ).selfSigned(by: Workshop.capfKey)
                return try Record(
                    certificate: certificate, role: .tvs, dnsName: "node", ipAddress: [10, 0, 0, 1], names: .cucm,
                    withCertificateSignature: true)
            }
            return try itl([own] + others, by: Workshop.publisher, Workshop.publisherKey)
        }
        #expect(try codes(filled(38, comment: 1)).isEmpty)
        #expect(try codes(filled(39, comment: 1)) == ["itl-too-large"])
        let long = try filled(20, comment: 3000)
        #expect(long.length > 65536 && codes(long) == ["itl-too-large"])
        // Only a warning: what phones do with it is Cisco's word, and nothing is wrong with the file itself.
        #expect(TrustListVerification(of: long, at: Int64(Workshop.time)).isValid)
    }

    @Test func theExtendedITLFileIsKnown() throws {
        let record = try Workshop.tokenlessDraft().records[0]
        let file = try itl([record], by: Workshop.publisher, Workshop.publisherKey, name: "ITLEXTFile.tlv")
        #expect(file.isITL && codes(file).isEmpty)
        #expect(
            try codes(itl([record], by: Workshop.publisher, Workshop.publisherKey, name: "ITLOther.tlv")) == [
                "unusual-file-name"
            ])
    }

    /// Whether a phone that has just taken a CTL file can check the ITL file with it.
    @Test func theSignerOfTheITLFileInTheCTLFile() throws {
        func check(_ ctl: TrustListFile, _ itl: TrustListFile) -> [String] {
            var verification = TrustListVerification(of: ctl, at: Int64(Workshop.time))
            let before = verification.checks.count
            verification.check(ctl, against: itl)
            #expect(verification.isValid)
            return verification.checks.dropFirst(before).map { "\($0.severity) \($0.code)" }
        }
        let recovery = Workshop.serverCertificate(
            "ITLRECOVERY_cucm.example.com", Workshop.capfKey, length: 700, serial: 9)
        let record = try Record(
            certificate: recovery, role: .sast, dnsName: "cucm", ipAddress: [10, 0, 0, 1], names: .cucm,
            withCertificateSignature: true)
        #expect(record.isITLRecovery)
        let own = try Workshop.tokenlessDraft().records[0]
        let byRecovery = try itl([own, record], by: recovery, Workshop.capfKey)
        let byCallManager = try itl([own], by: Workshop.publisher, Workshop.publisherKey)
        let tokens = try Workshop.ctlClientFile()
        #expect(check(tokens, byRecovery) == ["warning itl-signer-not-in-file"])
        // Up to 11.5 the CallManager certificate signs the ITL file: it is there as a server.
        #expect(check(tokens, byCallManager) == ["ok itl-signer-in-file"])
        let four = try TrustListDraft(
            timestamp: Workshop.time, digest: .sha1, records: tokens.records + [record, own]
        ).signed(by: SoftwareSigner(certificate: Workshop.secondToken, key: Workshop.secondTokenKey))
        #expect(check(four, byRecovery) == ["ok itl-signer-in-file"])
        // The same name and number with another key is no help.
        let impostor = Workshop.serverCertificate(
            "ITLRECOVERY_cucm.example.com", Workshop.subscriberKey, length: 700, serial: 9)
        let other = try Record(
            certificate: impostor, role: .sast, dnsName: "cucm", ipAddress: [10, 0, 0, 1], names: .cucm,
            withCertificateSignature: true)
        let wrong = try TrustListDraft(
            timestamp: Workshop.time, digest: .sha1, records: tokens.records + [other]
        ).signed(by: SoftwareSigner(certificate: Workshop.secondToken, key: Workshop.secondTokenKey))
        #expect(check(wrong, byRecovery) == ["warning itl-signer-not-in-file"])
        #expect(check(byRecovery, byRecovery) == [])
    }
}
