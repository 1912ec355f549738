import Basics
import Cluster
import Configuration
import Testing
import TrustList
import X509

/// What a node says about its trust lists on its command line.
@Suite(.timeLimit(.minutes(5))) struct TrustListStatementTests {
    /// As the technote prints it: a blank before one of the marks, none before the other.
    static let ofTheTechnote = """
        The checksum value of the CTL file:
        0c05655de63fe2a042cf252d96c6d609 (MD5)
        8c92d1a569f7263cf4485812366e66e3b503a2f5(SHA1)

        Length of CTL file: 4947
        The CTL File was last modified on Fri Mar 06 19:45:13 CET 2015

        Parse CTL File
        """

    @Test func theFormOfTheTechnoteIsRead() {
        let expected = TrustListStatement.file(
            md5: "0c05655de63fe2a042cf252d96c6d609", sha1: "8c92d1a569f7263cf4485812366e66e3b503a2f5", length: 4947)
        #expect(TrustListStatement(.ctl, answer: Self.ofTheTechnote) == expected)
        // Terminals end lines in their own way, and letters may be large.
        let other = Self.ofTheTechnote.uppercased().replacing("LENGTH OF CTL FILE", with: "Length of CTL file")
            .replacing("\n", with: "\r\n  ")
        #expect(TrustListStatement(.ctl, answer: other) == expected)
    }

    @Test func theFormThatIsPrintedHereIsRead() throws {
        let key = try PrivateKey.generate(bits: 1024)
        let certificate = try CertificateBuilder(
            subject: DistinguishedName(["CN": "pub"]), serialNumber: [1], notBefore: 0, notAfter: 4_000_000_000
        ).selfSigned(by: key)
        for (kind, name) in [(TrustListKind.ctl, "CTLFile.tlv"), (.itl, "ITLFile.tlv")] {
            let bytes = try TrustListDraft(
                fileName: name, timestamp: 1, digest: .sha1,
                records: [
                    Record(
                        certificate: certificate, role: .sast, dnsName: "pub", ipAddress: [1, 2, 3, 4], names: .cucm,
                        withCertificateSignature: true)
                ]
            ).signed(by: SoftwareSigner(certificate: certificate, key: key)).encoded()
            let text = try ShowCTL.text(of: bytes, modified: 0)
            let statement = try #require(TrustListStatement(kind, answer: text))
            #expect(statement == TrustListStatement(of: bytes) && statement.fits(bytes))
            #expect(!statement.fits(nil) && !statement.fits(bytes + [0]) && !statement.fits(Array(bytes.dropLast())))
            // A statement about the other file is not one about this file.
            #expect(TrustListStatement(kind == .ctl ? .itl : .ctl, answer: text) == nil)
        }
        #expect(TrustListStatement(.ctl, answer: ShowCTL.absent(.ctl)) == .absent)
        #expect(TrustListStatement(.itl, answer: ShowCTL.absent(.itl)) == .absent)
    }

    @Test func noFileIsSaidInWords() {
        // As the technote breaks the lines.
        let text = """
            Length of CTL file: 0
            CTL File not found. Please run CTLClient plugin or run the CLI - utils ctl.. to
            generate the CTL file. Error parsing the CTL File.
            """
        #expect(TrustListStatement(.ctl, answer: text) == .absent && TrustListStatement.absent.fits(nil))
    }

    /// What is not understood says nothing; least of all that there is no file.
    @Test(arguments: [
        "", "Error parsing the CTL File.", "Length of CTL file: 0", "CTL File not found.", "Length of CTL file: 4947",
        ofTheTechnote.replacing("4947", with: "0"), ofTheTechnote.replacing("4947", with: "-1"),
        ofTheTechnote.replacing("4947", with: "many"), ofTheTechnote.replacing("8c92", with: "8c9"),
        ofTheTechnote.replacing("8c92", with: "zz92"), ofTheTechnote.replacing("(MD5)", with: "(SHA1)"),
        ofTheTechnote + "\n" + ofTheTechnote, ofTheTechnote + "\nCTL File not found.",
        "Executed command unsuccessfully", "Length of CTL file: 99999999999999999999999",
    ])
    func otherOutputIsNotUnderstood(text: String) {
        #expect(TrustListStatement(.ctl, answer: text) == nil)
        #expect(throws: ClusterError.self) {
            try PlatformCommandLine(FakeShell(["show ctl": text.isEmpty ? " " : text])).showCTL()
        }
    }
}
