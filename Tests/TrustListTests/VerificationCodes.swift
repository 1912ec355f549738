import Messages
import Testing
import TrustList
import X509

/// The code for everything that `ctl verify` finds, its severity, and its record.
@Suite(.timeLimit(.minutes(5))) struct VerificationCodes {
    typealias Code = TrustListVerification.CheckCode

    struct Found: Equatable, CustomStringConvertible {
        let code: String
        let severity: FindingSeverity
        var record: Int?

        init(_ severity: FindingSeverity, _ code: Code, record: Int? = nil) {
            (self.code, self.severity, self.record) = (code.rawValue, severity, record)
        }

        init(_ check: TrustListVerification.Check) {
            (code, severity, record) = (check.code, check.severity, check.subject)
        }

        var description: String { "\(severity) \(code)" + (record.map { " in record \($0)" } ?? "") }
    }

    /// What is found in a file, apart from what is fine in every record.
    private func found(
        in file: TrustListFile, signer: Certificate? = nil, at time: Int64 = Int64(Workshop.time)
    ) -> [Found] {
        TrustListVerification(of: file, signer: signer, at: time).checks.map(Found.init)
            .filter { $0.code != Code.recordVerified.rawValue }
    }

    private let intact: [Found] = [.init(.ok, .signatureVerified), .init(.ok, .tokens)]

    /// The file of two tokens, with something else where these bytes first appear.
    private func file(replacing old: [UInt8], by new: (inout [UInt8]) -> Void) throws -> TrustListFile {
        var bytes = try Workshop.ctlClientFile().encoded()
        let range = try #require(bytes.firstRange(of: old))
        var part = Array(bytes[range])
        new(&part)
        bytes.replaceSubrange(range, with: part)
        return try TrustListFile(decoding: bytes)
    }

    private func signed(_ records: [Record]) throws -> TrustListFile {
        try TrustListDraft(timestamp: Workshop.time, digest: .sha1, records: records)
            .signed(by: SoftwareSigner(certificate: Workshop.secondToken, key: Workshop.secondTokenKey))
    }

    @Test func whatIsInOrder() throws {
        let file = try Workshop.ctlClientFile()
        let checks = TrustListVerification(of: file, at: Int64(Workshop.time)).checks.map(Found.init)
        let records = (1...5).map { Found(.ok, .recordVerified, record: $0) }
        #expect(checks == intact[..<1] + records + intact[1...])
        #expect(
            try found(in: Workshop.tokenlessFile()) == [.init(.ok, .signatureVerified), .init(.ok, .tokenless)])
    }

    @Test func theSigner() throws {
        let file = try Workshop.ctlClientFile()
        #expect(
            found(in: file, signer: Workshop.firstToken)
                == [.init(.error, .signerDiffers), .init(.error, .signatureWrong), .init(.ok, .tokens)])
        // The records without the signer's: the file is still read.
        let orphaned = try signed(file.records).keeping { $0.certificate != Workshop.secondToken.der }
        #expect(found(in: orphaned) == [.init(.error, .signerNotInFile), .init(.error, .tooFewTokens)])
        let unreadable = try self.file(replacing: Workshop.secondToken.der) { $0[0] = 0 }
        #expect(
            found(in: unreadable).prefix(2)
                == [.init(.error, .signerUnreadable), .init(.error, .certificateUnreadable, record: 5)])
    }

    @Test func aChangedFile() throws {
        let name = Array("cucm-1051-a-pub".utf8)
        let file = try file(replacing: name) { $0[0] = 0x43 }
        #expect(found(in: file).first == .init(.error, .signatureWrong))
    }

    @Test func theRecords() throws {
        var records = try Workshop.ctlClientFile().records
        let unreadable = try file(replacing: Workshop.publisher.der) { $0[0] = 0 }
        #expect(found(in: unreadable).contains(.init(.error, .certificateUnreadable, record: 2)))
        // The serial number of the first token comes first in its record, then in its certificate.
        let other = try file(replacing: Workshop.firstToken.serialNumber) { $0[9] ^= 1 }
        #expect(found(in: other).contains(.init(.error, .certificateDiffers, record: 1)))
        let misspelt = try file(replacing: Array("OU=TAC".utf8)) { $0[5] = 0x58 }
        #expect(found(in: misspelt).contains(.init(.warning, .nameSpelling, record: 2)))
        records[1] = try records[1].emptied()
        #expect(found(in: try signed(records)) == [intact[0], .init(.warning, .noCertificate, record: 2), intact[1]])
    }

    @Test func theDates() throws {
        let file = try Workshop.ctlClientFile()
        for time in [Int64(1_300_000_000), 2_100_000_000] {
            let expected = (1...5).map { Found(.warning, .certificateNotValid, record: $0) }
            #expect(found(in: file, at: time) == [intact[0]] + expected + [intact[1]])
        }
    }

    @Test func oneToken() throws {
        let records = try Workshop.ctlClientFile().records.dropFirst()
        #expect(found(in: try signed(Array(records))) == [intact[0], .init(.error, .tooFewTokens)])
    }
}
