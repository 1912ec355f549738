import Testing
import TrustList
import X509

/// What a new file takes over from the one that it replaces, and what a record remembers about its certificate.
@Suite(.timeLimit(.minutes(5))) struct Choices {
    @Test func aNewFileIsAlwaysNewerThanTheOneItReplaces() throws {
        let old = try Workshop.tokenlessFile().header
        #expect(TrustListDraft.timestamp(replacing: nil, at: 5) == 5)
        #expect(TrustListDraft.timestamp(replacing: old, at: old.timestamp + 9) == old.timestamp + 9)
        #expect(TrustListDraft.timestamp(replacing: old, at: old.timestamp) == old.timestamp + 1)
        // A machine whose clock is wrong.
        #expect(TrustListDraft.timestamp(replacing: old, at: 0) == old.timestamp + 1)
    }

    @Test func aTimestampOfTheLastSecondEndsNothing() throws {
        var draft = try Workshop.tokenlessDraft()
        draft.timestamp = .max
        let last = try draft.signed(by: SoftwareSigner(certificate: Workshop.publisher, key: Workshop.publisherKey))
        #expect(TrustListDraft.timestamp(replacing: last.header, at: 7) == 7)
    }

    @Test func theDigestIsTheOneAskedForElseThatOfTheFileElseSHA1() throws {
        var draft = try Workshop.tokenlessDraft()
        draft.digest = .sha512
        let old = try draft.signed(by: SoftwareSigner(certificate: Workshop.publisher, key: Workshop.publisherKey))
        #expect(TrustListDraft(replacing: old.header, at: 0, records: []).digest == .sha512)
        #expect(TrustListDraft(replacing: old.header, at: 0, digest: .sha256, records: []).digest == .sha256)
        let first = TrustListDraft(replacing: nil, at: 7, records: old.records)
        #expect(first.digest == .sha1 && first.timestamp == 7 && first.fileName == "CTLFile.tlv")
        #expect(first.records == old.records)
    }

    @Test func onlyARecordWithTheRoleSASTLetsACertificateSign() throws {
        let draft = try Workshop.tokenlessDraft()
        #expect(draft.signerRecord(of: Workshop.publisher)?.role == .sast)
        // The subscriber has a record, with another role.
        #expect(draft.signerRecord(of: Workshop.subscriber) == nil)
        #expect(draft.signer(with: Workshop.publisher.publicKey) == Workshop.publisher)
        #expect(draft.signer(with: Workshop.subscriber.publicKey) == nil)
    }

    @Test func aCandidateIsWhatTheHeaderWillSay() throws {
        let file = try Workshop.ctlClientFile()
        let record = try #require(file.signerRecord)
        let candidate = try #require(CandidateSigner(record: record))
        #expect(candidate.name == file.header.signerName && candidate.issuer == file.header.caName)
        #expect(candidate.serialNumber == file.header.serialNumber && candidate.certificate == Workshop.secondToken)
        let named = CandidateSigner(header: file.header, certificate: Workshop.secondToken)
        #expect(named.name == candidate.name && named.serialNumber == candidate.serialNumber)
        #expect(candidate.isKey(of: Workshop.secondToken.der))
        #expect(!candidate.isKey(of: Workshop.firstToken.der) && !candidate.isKey(of: [1, 2, 3]))
        let emptied = try #require(file.records.first { $0.role == .ccmTFTP }).emptied()
        #expect(CandidateSigner(record: emptied) == nil)
    }

    @Test func aRecordParsesItsCertificateAndKeepsItsBytes() throws {
        let file = try Workshop.ctlClientFile()
        let bytes = file.encoded()
        let read = try TrustListFile(decoding: bytes)
        for (record, other) in zip(read.records, file.records) {
            let parsed = record.x509?.der
            #expect(parsed == record.certificate)
            // One was parsed, the other was not: they are the same record still.
            #expect(record == other && Set([record, other]).count == 1)
        }
        #expect(read.encoded() == bytes)
        #expect(try read.records[1].emptied().x509 == nil)
    }

    @Test func bytesThatAreNoCertificateGiveNone() throws {
        let record = try Record(
            dnsName: "x", subjectName: "CN=x", role: .ccm, issuerName: "CN=x", serialNumber: [1], publicKey: [],
            certificateSignature: nil, certificate: [0x30, 0], ipAddress: [10, 0, 0, 1])
        #expect(record.x509 == nil && record.certificate == [0x30, 0])
        #expect(CandidateSigner(record: record) == nil)
    }
}
