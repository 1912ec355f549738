import Testing
import TrustList
import X509

@Suite(.timeLimit(.minutes(5))) struct Names {
    static let server = DistinguishedName([
        "L": "Krakow", "ST": "Malopolska", "CN": "cucm-1051-a-pub", "OU": "TAC", "O": "Cisco", "C": "PL",
    ])
    static let token = DistinguishedName([
        "O": "Cisco Systems, Inc.", "OU": "IPCBU", "CN": "SAST-ADN0054f509        ",
    ])
    static let issuer = DistinguishedName(["O": "Cisco Systems", "CN": "Cisco Manufacturing CA"])

    /// The lengths include the trailing NUL, as printed in docs/trust-list-format.md.
    @Test func namesAreSpeltAsCiscoPrintsThem() {
        #expect(Self.server.rendered(.cucm) == "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL")
        #expect(Self.server.rendered(.cucm).utf8.count + 1 == 62)
        #expect(Self.token.rendered(.token) == "cn=\"SAST-ADN0054f509        \";ou=IPCBU;o=\"Cisco Systems")
        #expect(Self.token.rendered(.token).utf8.count + 1 == 56)
        #expect(Self.issuer.rendered(.token) == "cn=Cisco Manufacturing CA;o=Cisco Systems")
        #expect(Self.issuer.rendered(.token).utf8.count + 1 == 42)
    }

    @Test(arguments: [
        "CN=cucm-1051-a-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL",
        "cn=cucm-1051-a-pub,ou=TAC,o=Cisco,l=Krakow,st=Malopolska,c=PL",
        "L=Krakow, ST=Malopolska, CN=cucm-1051-a-pub, OU=TAC, O=Cisco, C=PL",
    ])
    func spellingsOfOneNameAreRecognised(text: String) throws {
        #expect(try #require(ParsedName(text)).spells(Self.server))
    }

    @Test func theTokensSpellingIsRecognised() throws {
        let parsed = try #require(ParsedName(Self.token.rendered(.token)))
        #expect(parsed.attributes.map(\.value) == ["SAST-ADN0054f509        ", "IPCBU", "Cisco Systems"])
        #expect(parsed.spells(Self.token))
        #expect(!parsed.spells(Self.server))
        #expect(ParsedName("cn=\"SAST-ADN0054f509\";ou=IPCBU;o=\"Cisco Systems")?.spells(Self.token) == false)
        #expect(ParsedName("cn=\"SAST-ADN0054f509        \";ou=IPCBU")?.spells(Self.token) == false)
    }

    @Test(arguments: ["", "CN", "=x", "CN=a;", "CN=a;;O=b", "C N=a", "CN=\"a\"b", ";CN=a", "CN=a;\u{e9}=b"])
    func whatIsNoNameIsRefused(text: String) {
        #expect(ParsedName(text) == nil)
    }

    @Test func everyRenderedNameReadsBack() {
        let values = ["a", " a ", "a;b", "a,b", "a=b", "#a", "ä", "a+b", "<a>"]
        for value in values where !value.contains(";") && !value.contains(",") {
            let name = DistinguishedName(["CN": value, "O": "x"])
            for style in [NameStyle.cucm, .token] {
                #expect(ParsedName(name.rendered(style))?.spells(name) == true, "\(name.rendered(style))")
            }
        }
    }
}
