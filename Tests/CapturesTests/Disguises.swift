import Basics
import Cluster
import Configuration
import Messages
import ServerFixtures
import Testing
import TrustList
import X509

@testable import Captures

/// What is replaced, and what stays.
@Suite(.waiting, .timeLimit(.minutes(2))) struct Disguises {
    private func pseudonyms() -> Pseudonyms {
        let pseudonyms = Pseudonyms()
        pseudonyms.learn(host: "voice7.acme-corp.com")
        return pseudonyms
    }

    @Test func aNameIsTheSameEverywhere() throws {
        let names = pseudonyms()
        let (plain, other) = (names.scan("voice7"), names.scan("VOICE7"))
        #expect(plain != "voice7" && plain.count == 6 && other == plain.uppercased())
        let text = names.scan("ITLRECOVERY_voice7.acme-corp.com.pem")
        #expect(text.hasPrefix("ITLRECOVERY_\(plain).") && text.hasSuffix(".com.pem") && !text.contains("acme"))
        #expect(
            names.scan("cert=Phone-SAST-trust%2Fvoice7.pem&unit=x") == "cert=Phone-SAST-trust%2F\(plain).pem&unit=x")
        #expect(names.leak(in: Array("a VOICE7b".utf8)) == "voice7")
        #expect(names.leak(in: Array(text.utf8)) == nil)
    }

    @Test func aMACAddressIsTheSameInEverySpelling() throws {
        let names = Pseudonyms()
        let phone = names.scan("SEP000B4BA0AEE1")
        #expect(phone.hasPrefix("SEP000") && phone != "SEP000B4BA0AEE1" && phone.count == 15)
        let digits = phone.dropFirst(3)
        #expect(names.scan("000b4ba0aee1") == digits.lowercased())
        let pairs = stride(from: 0, to: 12, by: 2).map { String(Array(digits)[$0...($0 + 1)]) }
        #expect(names.scan("00:0B:4B:A0:AE:E1 up") == pairs.joined(separator: ":") + " up")
    }

    @Test func addressesKeepTheirLength() {
        let names = Pseudonyms()
        let address = names.scan("10.48.47.153")
        #expect(address != "10.48.47.153" && address.split(separator: ".").map(\.count) == [2, 2, 2, 3])
        #expect(names.scan("http://10.48.47.153:6970/x") == "http://\(address):6970/x")
        #expect(names.address(bytes: [10, 48, 47, 153]).map(String.init).joined(separator: ".") == address)
        #expect(!names.scan("inet6 fe80::20b:4bff:fea0:aee1/64").contains("aee1"))
        #expect(names.leak(in: Array("at 10.48.47.153.".utf8)) == "10.48.47.153")
        // Another address that starts in the same way.
        #expect(names.leak(in: Array("at 10.48.47.1".utf8)) == nil)
    }

    @Test(arguments: [
        "Active Master Version: 11.5.1.12900-21", "Cisco Tftp[STARTED]", "255.255.255.0 0.0.0.0",
        "1.2.840.113549.1.1.5",
        "Signature Algorithm: SHA1 with RSA Encryption (1.2.840.113549.1.1.5)", "at 14:02:00 on Wed Mar 04",
        "var c = document.title; e = window", "Length of CTL file: 4947",
    ])
    func whatIsNobodysStays(text: String) { #expect(pseudonyms().scan(text) == text) }

    @Test func everyWordOfDataIsReplaced() {
        let names = Pseudonyms()
        let text = names.scan("Lobby of Jürgen, room 12 &amp; Cisco 7975", .data)
        #expect(text.utf8.count == "Lobby of Jürgen, room 12 &amp; Cisco 7975".utf8.count)
        #expect(
            text.contains("&amp; Cisco ") && !text.contains("Lobby") && !text.contains("Jürgen")
                && !text.contains("7975"))
        #expect(
            names.scan("Cisco 7975 - Standard SIP Non-Secure Profile", .models)
                == "Cisco 7975 - Standard SIP Non-Secure Profile")
        #expect(!names.scan("O=Acme;OU=IT2;C=PL").contains("Acme"))
        #expect(names.scan("user jane@example.com").hasSuffix("@example.com"))
        #expect(!names.scan("user jane@example.com").contains("jane"))
    }

    /// What only a table tells is replaced and searched for elsewhere as well, unless it may be CUCM's own word.
    @Test func aNameOfATableIsReplacedEverywhere() throws {
        let disguise = Disguise(ClusterConfiguration(name: "office"))
        let prose = Exchange(.ssh, node: "a", question: "show status", answer: Array("Welcome to Lobby7, Lobby".utf8))
        let row = "<return><row><name>Lobby7</name><pool>Lobby</pool></row></return>"
        var table = Exchange(.axl, node: "a", question: "POST /axl/", answer: Array(row.utf8))
        table.request = "select name, pool from device"
        try disguise.learn(from: [prose, table])
        let word = disguise.pseudonyms.scan("Lobby7", .data)
        #expect(word != "Lobby7")
        let answers = try [prose, table].map { String(decoding: try disguise.disguised($0).answer, as: UTF8.self) }
        #expect(answers[0] == "Welcome to \(word), Lobby" && answers[1].contains("<name>\(word)</name>"))
        #expect(!answers[1].contains("Lobby"))
        #expect(disguise.pseudonyms.leak(in: Array("at LOBBY7.".utf8)) == "LOBBY7")
        for answer in answers { #expect(disguise.pseudonyms.leak(in: Array(answer.utf8)) == nil) }
    }

    /// Certificates keep their shape, and are valid.
    @Test(arguments: [512, 1024, 2048]) func aCertificateIsRecreated(bits: Int) throws {
        let key = try PrivateKey.generate(bits: bits)
        let name = DistinguishedName(["C": "PL", "O": "Acme Widgets", "CN": "voice7.acme-corp.com"])
        let original = try CertificateBuilder(
            subject: name, serialNumber: [0xF1, 2, 3, 4, 5, 6, 7, 8, 9], notBefore: 1_400_000_000,
            notAfter: 1_900_000_000,
            digest: .sha1,
            extensions: [
                ("keyUsage", "digitalSignature"), ("subjectAltName", "DNS:voice7.acme-corp.com,IP:10.48.47.153"),
                ("subjectKeyIdentifier", Digest.sha1(try key.publicKey().rawKey).colonHex),
            ]
        ).selfSigned(by: key)
        let remaker = CertificateRemaker(pseudonyms())
        try remaker.prepare([original.der])
        let der = try #require(try remaker.remake(original.der))
        let new = try Certificate(der: der)
        #expect(der.count == original.der.count && new.publicKey.bits == bits)
        #expect(new.publicKey != original.publicKey && new.serialNumber != original.serialNumber)
        #expect((new.notBefore, new.notAfter) == (original.notBefore, original.notAfter))
        #expect(new.subject == new.issuer && new.subject.attributes.map(\.type) == name.attributes.map(\.type))
        let text = String(decoding: der, as: UTF8.self)
        for part in ["voice7", "acme", "Acme", "Widgets"] { #expect(!text.contains(part)) }
        #expect(der.firstRange(of: [10, 48, 47, 153]) == nil)
        let start = try #require(DERItem(der, at: 0, before: der.count)?.items(in: der)?.first)
        #expect(
            try new.publicKey.isValid(signature: new.signatureValue, message: Array(der[start.range]), digest: .sha1))
        // Its key identifier is that of its key.
        #expect(der.firstRange(of: Digest.sha1(new.publicKey.rawKey)) != nil)
        // A second certificate of the same names has the same false ones.
        let again = try CertificateBuilder(
            subject: name, serialNumber: [9, 9, 9, 9, 9, 9, 9], notBefore: 0, notAfter: 1
        ).selfSigned(by: key)
        #expect(try Certificate(der: #require(try remaker.remake(again.der))).subject == new.subject)
    }

    /// An elliptic curve, and an issuer of which there is no certificate.
    @Test func othersAreRecreatedToo() throws {
        let authority = try PrivateKey.generate(bits: 1024)
        let key = try PrivateKey.generate(curveOf: 256)
        let original = try CertificateBuilder(
            subject: DistinguishedName(["CN": "voice7-EC.acme-corp.com"]), serialNumber: [1, 2, 3, 4, 5, 6, 7, 8],
            notBefore: 0,
            notAfter: 1
        ).issue(for: key.publicKey(), issuer: DistinguishedName(["CN": "Acme Root", "O": "Acme"]), signedBy: authority)
        let remaker = CertificateRemaker(pseudonyms())
        let new = try Certificate(der: #require(try remaker.remake(original.der)))
        #expect(new.der.count == original.der.count && !new.publicKey.isRSA && new.publicKey != original.publicKey)
        #expect(new.signatureValue.count == 128 && new.issuer.value(of: "CN")?.hasSuffix("Root") == true)
        #expect(new.issuer.value(of: "O") != "Acme")
    }

    /// A key with another exponent cannot be recreated: nothing of its certificate is left but the head of its DER.
    @Test func whatCannotBeRecreatedIsRandom() throws {
        let folder = TemporaryFolder()
        try ChildProcess.run([
            "/usr/bin/openssl", "req", "-x509", "-nodes", "-newkey", "rsa:1024", "-pkeyopt", "rsa_keygen_pubexp:3",
            "-subj", "/CN=voice7.acme-corp.com", "-keyout", folder.file("key"), "-outform", "DER", "-out",
            folder.file("der"),
        ])
        let der = try #require(folder.bytes("der"))
        let original = try Certificate(der: der)
        let disguise = Disguise(ClusterConfiguration(name: "office"))
        #expect(try disguise.certificates.remake(der) == nil)
        let exchange = Exchange(.tvs, node: "a", question: "QUERY_CERT", answer: [1, 2] + der + [3])
        try disguise.learn(from: [exchange])
        let answer = try disguise.disguised(exchange).answer
        #expect(answer.count == der.count + 3 && answer[..<4].elementsEqual([1, 2] + der[..<2]))
        for part in [original.publicKey.rawKey.suffix(64), original.signatureValue[...], original.serialNumber[...]] {
            #expect(answer.firstRange(of: Array(part)) == nil)
        }
    }

    /// The last look before a capture is written: a name in any of its texts is enough to write nothing.
    @Test func aNameThatWasLeftIsFound() throws {
        let exchange = Exchange(.ssh, node: "a", question: "show status", answer: Array("Host Name : b".utf8))
        let capture = Capture(
            program: "1", taken: Timestamp(0), version: nil, securityMode: nil, manners: [], notes: ["one"],
            exchanges: [exchange, exchange], snapshot: nil)
        let secrecy = Secrecy(pseudonyms: pseudonyms())
        let cluster = ClusterClient(ClusterConfiguration(name: "office"))
        try secrecy.check(capture, cluster)
        let places: [(place: String, spoil: (inout Capture) -> Void)] = [
            ("0 ssh", { $0.exchanges[1].answer += Array(", voice7".utf8) }),
            ("0 ssh", { $0.exchanges[0].question = "ping VOICE7" }),
            ("0 ssh", { $0.exchanges[0].headers = ["Server: voice7"] }),
            ("snapshot", { $0.notes.append("voice7 is not reached") }),
        ]
        for (place, spoil) in places {
            var spoilt = capture
            spoil(&spoilt)
            let error = #expect(throws: CaptureError.self) { try secrecy.check(spoilt, cluster) }
            #expect(error == CaptureError(.notDisguised, "", place: place))
            #expect(error?.text.localized.contains("voice7") == false)
        }
    }
}
