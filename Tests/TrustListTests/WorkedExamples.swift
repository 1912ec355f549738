import Testing
import TrustList
import X509

/// The two files of docs/trust-list-format.md, "Worked examples", whose every length Cisco printed.
@Suite(.timeLimit(.minutes(5))) struct WorkedExamples {
    @Test func tokenlessFileHasThePrintedLengths() throws {
        let file = try Workshop.tokenlessFile()
        #expect(file.encoded().count == 4947)
        #expect(file.header.length == 336)
        #expect(file.records.map(\.length) == [1156, 1156, 1138, 1161])
        #expect(file.header.signerName == "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL")
        #expect(file.records.map(\.role) == [.sast, .ccmTFTP, .capf, .ccmTFTP])
        #expect(file.records[0].publicKey?.count == 140)
        #expect(file.records[0].certificateSignature?.count == 128)
        #expect(file.records[0].certificate?.count == 694)
    }

    @Test func ctlClientFileHasThePrintedLengths() throws {
        let file = try Workshop.ctlClientFile()
        #expect(file.encoded().count == 5728)
        #expect(file.header.length == 304)
        #expect(file.records.map(\.length) == [1186, 1022, 1004, 1026, 1186])
        #expect(file.records[1].dnsName == "10.48.47.153")
        #expect(file.records.allSatisfy { $0.certificateSignature == nil })
        let token = file.records[4]
        #expect(token.dnsName == "")
        #expect(token.subjectName == "cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems")
        #expect(token.issuerName == "cn=Cisco Manufacturing CA;o=Cisco Systems")
        #expect(token.certificate?.count == 902)
        #expect(file.signerRecord == token)
    }

    /// The bytes of a header, by hand from the format's description, not through the library's own writer.
    @Test func headerBytesAreThoseOfTheFormat() throws {
        let file = try Workshop.ctlClientFile()
        let name = Array("cn=\"SAST-ADN008580ef        \";ou=IPCBU;o=\"Cisco Systems".utf8) + [0]
        let issuer = Array("cn=Cisco Manufacturing CA;o=Cisco Systems".utf8) + [0]
        var expected: [UInt8] = [1, 0, 2, 1, 2] + [2, 0, 2, 0x01, 0x30] + [3, 0, 117]
        expected += [4, 0, 56] + name
        expected += [5, 0, 10, 0x83, 0xe9, 0x08, 0, 0, 0, 0x55, 0x45, 0xaf, 0x31]
        expected += [6, 0, 42] + issuer
        expected += [7, 0, 15] + [8, 0, 1, 1] + [9, 0, 8] + [10, 0, 1, 0] + [11, 0, 1, 1]
        expected += [12, 0, 128] + file.header.signature
        expected += [14, 0, 12] + Array("CTLFile.tlv".utf8) + [0]
        expected += [15, 0, 4, 0x54, 0xfa, 0x03, 0xc9]
        expected += [13, 13, 13]
        #expect(Array(file.encoded().prefix(304)) == expected)
    }

    @Test func signatureVerifiesOverTheFileWithoutTheSignatureElement() throws {
        let file = try Workshop.tokenlessFile()
        var message = file.encoded()
        // 5 + 5 + 152 + 18 bytes precede the signature element of 131 bytes.
        message.removeSubrange(180..<311)
        #expect(file.signedMessage() == message)
        #expect(try file.isSigned(by: Workshop.publisher))
        #expect(try !file.isSigned(by: Workshop.subscriber))
    }

    @Test func decodingAndEncodingGiveTheSameBytes() throws {
        for file in [try Workshop.tokenlessFile(), try Workshop.ctlClientFile()] {
            let bytes = file.encoded()
            #expect(try TrustListFile(decoding: bytes).encoded() == bytes)
        }
    }
}
