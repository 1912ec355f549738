import Messages
import Testing
import TrustList
import X509

@Suite(.timeLimit(.minutes(5))) struct Editing {
    let file = try! Workshop.ctlClientFile()

    @Test func tokensAreAddedBeforeTheServersAndOnce() throws {
        var editor = TrustListEditor(try Workshop.tokenlessFile().records)
        editor.add(try .token(Workshop.firstToken))
        editor.add(try .token(Workshop.firstToken))
        #expect(editor.records.map(\.role) == [.sast, .sast, .ccmTFTP, .capf, .ccmTFTP])
        #expect(editor.records.first?.isToken == true)
    }

    @Test func recordsAreRemovedByNumberSubjectAndSerial() throws {
        let serial = try #require(file.records[0].serialNumber)
        let subject = try #require(file.records[2].subjectName)
        var editor = TrustListEditor(file.records)
        try editor.remove([.number(2), .subject(subject), .serialNumber([0] + serial)])
        #expect(editor.records == [file.records[3], file.records[4]])
    }

    @Test(arguments: [
        TrustListEditor.Selector.number(0), .number(6), .subject("CN=nobody"), .serialNumber([1, 2, 3]),
    ])
    func aSelectorThatMeansNothingRemovesNothing(selector: TrustListEditor.Selector) {
        var editor = TrustListEditor(file.records)
        let error = #expect(throws: TrustListError.self) { try editor.remove([.number(1), selector]) }
        #expect(error?.code == .noSuchRecord)
        #expect(editor.records == file.records)
    }

    @Test func nonSecureEmptiesTheServersOnly() throws {
        var editor = TrustListEditor(file.records)
        try editor.makeNonSecure()
        for (old, new) in zip(file.records, editor.records) where old.role != .ccmTFTP { #expect(old == new) }
        for record in editor.records where record.role == .ccmTFTP {
            #expect(record.elements.map(\.tag) == [1, 2, 4, 10])
            #expect(record.certificate == nil && record.dnsName?.isEmpty == false)
        }
    }

    @Test func fewerThanTwoTokensAndNoSignerAreRefused() throws {
        func code(keeping numbers: [Int]) -> TrustListError.Code? {
            do {
                try TrustListEditor(numbers.map { file.records[$0 - 1] }).checkSigners()
                return nil
            } catch { return error.code }
        }
        #expect(code(keeping: [1, 2, 3, 4, 5]) == nil)
        #expect(code(keeping: [1, 2, 3, 4]) == .tooFewTokens)
        #expect(code(keeping: [1, 1, 2]) == .tooFewTokens)
        #expect(code(keeping: [2, 3, 4]) == .unusableSigner)
        // A tokenless list has no token, and the publisher's own certificate signs.
        #expect(throws: Never.self) { try TrustListEditor(Workshop.tokenlessFile().records).checkSigners() }
    }
}

@Suite(.timeLimit(.minutes(5))) struct Differences {
    private func signed(_ records: [Record], digest: DigestAlgorithm = .sha1) throws -> TrustListFile {
        try TrustListDraft(timestamp: Workshop.time, digest: digest, records: records).signed(
            by: SoftwareSigner(certificate: Workshop.secondToken, key: Workshop.secondTokenKey))
    }

    let file = try! Workshop.ctlClientFile()

    @Test func aFileDoesNotDifferFromItselfNorFromItsTwin() throws {
        #expect(TrustListDiff(from: file, to: file).changes.isEmpty)
        #expect(TrustListDiff(from: file, to: try signed(file.records)).changes.isEmpty)
    }

    @Test func tokenlessToTokensIsDescribedByMeaning() throws {
        let old = try Workshop.tokenlessFile()
        let changes = TrustListDiff(from: old, to: file).changes
        #expect(changes.contains(.signer(old: old.header.signerName, new: file.header.signerName)))
        #expect(changes.contains(.removed(old.records[0])))
        #expect(changes.contains(.added(file.records[0])) && changes.contains(.added(file.records[4])))
        for index in 1...3 { #expect(changes.contains(.respelt(old: old.records[index], new: file.records[index]))) }
        #expect(changes.count == 7)
    }

    @Test func aNewKeyForTheSameHostIsRekeyed() throws {
        let renewed = Workshop.serverCertificate("cucm-1051-a-sub1", Workshop.capfKey, length: 700, serial: 0x22)
        let record = try Record(
            certificate: renewed, role: .ccmTFTP, dnsName: "10.48.47.154", ipAddress: [10, 48, 47, 154], names: .cucm,
            withCertificateSignature: false)
        var records = file.records
        records[3] = record
        let changes = TrustListDiff(from: file, to: try signed(records)).changes
        #expect(changes == [.rekeyed(old: file.records[3], new: record)])
    }

    @Test func orderAndDigestAreNoticed() throws {
        let turned = try signed(file.records.reversed(), digest: .sha512)
        #expect(TrustListDiff(from: file, to: turned).changes == [.digest(old: .sha1, new: .sha512), .reordered])
    }
}

@Suite(.timeLimit(.minutes(5))) struct Warnings {
    /// Bytes of the worked example with some replaced; the signature does not matter here.
    private func warnings(_ change: (inout [UInt8]) -> Void) throws -> Set<TrustListWarning.Code> {
        var bytes = try Workshop.ctlClientFile().encoded()
        change(&bytes)
        return Set(try TrustListFile(decoding: bytes).warnings.map(\.code))
    }

    @Test func theWorkedExamplesHaveNone() throws {
        #expect(try Workshop.ctlClientFile().warnings.isEmpty)
        #expect(try Workshop.tokenlessFile().warnings.isEmpty)
    }

    @Test func oddThingsAreNamed() throws {
        #expect(try warnings { $0[4] = 1 } == [.unusualVersion])
        // The role of the first record: 304 + 5 + 4 + 59 bytes on, then three bytes of tag and length.
        #expect(try warnings { $0[304 + 5 + 4 + 59 + 4] = 99 } == [.unknownRole])
        #expect(try warnings { $0[304 + 5 + 4 + 59 - 1] = 65 } == [.unusualText])
        #expect(try warnings { $0[304 + 5 + 4 + 3] = 0xff } == [.unusualText])
        // FILENAME is 14 + 15 + 3 bytes before the end of the header.
        #expect(try warnings { $0[304 - 3 - 7 - 12] = 88 } == [.unusualFileName])
        // Tag 10 of the last record becomes an unknown one.
        #expect(try warnings { $0[$0.count - 7] = 77 } == [.unknownField])
        #expect(try warnings { $0[304 + 5 + 4 + 59] = 77 } == [.missingRole, .unknownField])
        // IPADDRESS of the last record is one byte shorter, and a byte of padding follows.
        #expect(try warnings { ($0[$0.count - 5], $0[$0.count - 1]) = (3, 13) } == [.unusualLength])
        let serial = try #require(
            Workshop.ctlClientFile().encoded().firstRange(of: Workshop.firstToken.serialNumber)?.lowerBound)
        #expect(try warnings { $0[serial] = 0 } == [.unusualSerialNumber])
    }
}

/// The lines in Cisco's technote, with the columns' spaces collapsed.
@Suite(.timeLimit(.minutes(5))) struct ShowCTLText {
    private func lines(_ file: TrustListFile) throws -> [String] {
        try ShowCTL.text(of: file.encoded(), modified: Int64(Workshop.time)).split(separator: "\n").map { line in
            line.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
        }
    }

    @Test func tokenless() throws {
        let lines = try lines(Workshop.tokenlessFile())
        let name = "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL"
        for expected in [
            "The checksum value of the CTL file:", "Length of CTL file: 4947", "Parse CTL File", "Version: 1.2",
            "HeaderLength: 336 (BYTES)", "BYTEPOS TAG LENGTH VALUE", "3 SIGNERID 2 149", "4 SIGNERNAME 62 \(name)",
            "6 CANAME 62 \(name)", "7 SIGNATUREINFO 2 15", "8 DIGESTALGORTITHM 1", "9 SIGNATUREALGOINFO 2 8",
            "10 SIGNATUREALGORTITHM 1", "11 SIGNATUREMODULUS 1", "12 SIGNATURE 128", "14 FILENAME 12",
            "15 TIMESTAMP 4", "CTL Record #:1", "1 RECORDLENGTH 2 1156", "2 DNSNAME 16 cucm-1051-a-pub",
            "3 SUBJECTNAME 62 \(name)", "4 FUNCTION 2 System Administrator Security Token", "5 ISSUERNAME 62 \(name)",
            "7 PUBLICKEY 140", "8 SIGNATURE 128", "10 IPADDRESS 4", "This etoken was used to sign the CTL file.",
            "CTL Record #:2", "4 FUNCTION 2 CCM+TFTP", "CTL Record #:3", "1 RECORDLENGTH 2 1138", "4 FUNCTION 2 CAPF",
            "CTL Record #:4", "1 RECORDLENGTH 2 1161", "2 DNSNAME 17 cucm-1051-a-sub1",
            "The CTL file was verified successfully.",
        ] { #expect(lines.contains(expected), "\(expected)") }
        #expect(lines.contains { $0.hasPrefix("9 CERTIFICATE 694 ") && $0.hasSuffix("(SHA1 Hash HEX)") })
    }

    @Test func ctlClient() throws {
        let file = try Workshop.ctlClientFile()
        let lines = try lines(file)
        for expected in [
            "Length of CTL file: 5728", "HeaderLength: 304 (BYTES)", "1 RECORDLENGTH 2 1186",
            "5 ISSUERNAME 42 cn=Cisco Manufacturing CA;o=Cisco Systems",
            "6 SERIALNUMBER 10 83:E9:08:00:00:00:55:45:AF:31", "6 SERIALNUMBER 10 3C:F9:27:00:00:00:AF:A2:DA:45",
            "3 SUBJECTNAME 56 cn=\"SAST-ADN008580ef \";ou=IPCBU;o=\"Cisco Systems", "2 DNSNAME 1",
            "This etoken was not used to sign the CTL file.", "This etoken was used to sign the CTL file.",
        ] { #expect(lines.contains(expected), "\(expected)") }
        // The signature, eight bytes per row, in hexadecimal without leading zeros.
        let first = file.header.signature.prefix(8).map { String($0, radix: 16) }.joined(separator: " ")
        #expect(lines.contains(first))
        #expect(!lines.contains { $0.hasPrefix("8 SIGNATURE ") })
    }

    /// The tabs as the English technotes keep them: two after the two short names, one after every other; and at least two
    /// spaces between the bytes of a signature.
    @Test(arguments: [true, false]) func columns(tokenless: Bool) throws {
        let file = try tokenless ? Workshop.tokenlessFile() : Workshop.ctlClientFile()
        let lines = try ShowCTL.text(of: file.encoded(), modified: 0).split(separator: "\n").map(String.init)
        let rows = lines.filter { $0.first?.isNumber == true && $0.contains("\t") && !$0.hasPrefix("BYTEPOS") }
        #expect(rows.count > 40)
        for row in rows {
            let fields = row.split(separator: "\t", omittingEmptySubsequences: false)
            let isShort = ["CANAME", "DNSNAME"].contains(fields[1])
            #expect(fields[2].isEmpty == isShort, "\(row)")
            #expect(Int(fields[isShort ? 3 : 2]) != nil, "\(row)")
        }
        let signature = file.header.signature.prefix(8).map { String($0, radix: 16) }.joined(separator: "  ")
        #expect(lines.contains(signature))
    }

    @Test func aBrokenSignatureIsSaid() throws {
        var bytes = try Workshop.ctlClientFile().encoded()
        bytes[200] ^= 1
        #expect(try ShowCTL.text(of: bytes, modified: 0).contains("Verification of the CTL file failed."))
    }
}
