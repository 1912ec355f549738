import Messages
import Phones
import Testing

/// Logs in the formats of technote 118893, and what is concluded from them.
@Suite(.timeLimit(.minutes(5))) struct LogTests {
    /// The rules of each conclusion, and the first line that it quotes.
    private func rules(_ text: String) -> [String] {
        LogExplanation(text).conclusions.map { conclusion in
            "\(conclusion.quotes[0].line) \(conclusion.outcome.rawValue) "
                + conclusion.rules.map(\.rawValue).joined(separator: "|")
        }
    }

    private let asked = """
        100: NOT 08:00:01.000001 SECD: setupSocketToTvsProxy: Connected to TVS proxy server
        101: NOT 08:00:01.000900 SECD: tvsReqFlushTvsCertCache: Sent Request to TVS
        proxy, len: 3708
        102: NOT 08:00:01.100000 JVM: something about a call

        """
    private let answered = """
        103: NOT 08:00:01.300000 SECD: clpTvsInit: Client message received on TVS proxy socket
        104: NOT 08:00:01.300500 SECD: processTvsClntReq: TVS Certificate cache flush request received
        105: NOT 08:00:01.300900 SECD: tvsFlushCertCache: Completed TVS Certificate
        cache flush request

        """

    @Test func aPhoneThatAskedTVS() {
        #expect(rules(asked) == ["2 unknown "])
        #expect(rules(asked + answered) == ["2 accepted 3-vouched-by-tvs"])
        #expect(rules(asked + answered + "106: NOT 08:00:02.000000 STATUS: Trust List Updated\n").count == 1)
        #expect(
            rules(asked + "103: NOT 08:00:02.000000 STATUS: Trust List Update Failed\n") == ["2 refused 4-not-vouched"])
        #expect(
            rules(asked + answered + asked + answered) == [
                "2 accepted 3-vouched-by-tvs", "10 accepted 3-vouched-by-tvs",
            ])
        let quotes = LogExplanation(asked + answered).conclusions[0].quotes
        #expect(quotes.map(\.line) == [2, 7])
        #expect(quotes[1].text == "SECD: tvsFlushCertCache: Completed TVS Certificate cache flush request")
    }

    @Test func aPhoneThatDidNotAsk() {
        let request = "7 NOT Nov 23 08:00:00.500000 SECD: tlRequestFile: Request CTLSEP001122334455.tlv\r\n"
        let first = "6: NOT 08:00:00.400000 STATUS: No Trust List Installed\r\n"
        let updated = "8: NOT 08:00:00.600000 STATUS: Trust List Updated\r\n"
        let failed = "8: NOT 08:00:00.600000 STATUS: Trust List Update Failed\r\n"
        #expect(rules(request) == [])
        #expect(rules(first + request + updated) == ["1 accepted 1-first-use"])
        #expect(rules(request + updated) == ["1 accepted 2-signer-in-held-ctl|3-signer-in-itl"])
        #expect(
            rules(request + failed) == ["1 refused 4-no-security-by-default|4-not-vouched|4-other-key"])
        #expect(LogExplanation(request + updated).conclusions[0].subject == "CTLSEP001122334455.tlv")
        // Its own file is missing, the common one is there: one story. The ITL file is another.
        let common = "8: NOT 08:00:00.700000 SECD: tlRequestFile: Request CTLFile.tlv\n"
        let itl = "9: NOT 08:00:00.800000 TFTP: Requesting ITLFile.tlv from 10.0.0.1\n"
        let both = LogExplanation(request + common + updated + itl + updated).conclusions
        #expect(both.map(\.subject) == ["CTLFile.tlv", "ITLFile.tlv"])
        // The list of status messages on the phone.
        #expect(
            rules("08:01:02 11/23/26 Trust List Update Failed") == [
                "1 refused 4-no-security-by-default|4-not-vouched|4-other-key"
            ])
    }

    private func trace(_ lines: String...) -> String {
        lines.map { "09:10:11.052 | debug \($0)\n" }.joined()
    }

    @Test func aTraceOfTVS() {
        let head = trace(
            "tvsHandleQueryCertReq", "tvsHandleQueryCertReq : Subject Name is: CN=a;O=b",
            "tvsHandleQueryCertReq : Issuer Name is: CN=a;O=b",
            "tvsHandleQueryCertReq : SAST Issuer Name is: cn=Cisco Manufacturing CA;o=Cisco Systems",
            "tvsHandleQueryCertReq : Serial Number is: 0102")
        let missing = trace(
            "ERROR:CertificateDBCACHE::getCertificateInformation - Cannot find the certificate in the cache")
        let missingInCTL = trace(
            "ERROR:CertificateCTLCache::getCertificateInformation - Cannot find the certificate in the cache")
        let found = trace("CertificateCTLCache::getCertificateInformation - Found entry {rolecount : 1}")
        func role(_ number: Int) -> String {
            trace("CertificateCTLCache::getCertificateInformation - {role : \(number)}")
        }
        #expect(rules(head) == ["1 unknown "])
        #expect(rules(head + missing + found + role(0)) == ["1 accepted 3-vouched-by-tvs"])
        #expect(rules(head + missing + found + role(2)) == ["1 refused 4-not-vouched"])
        #expect(rules(head + missing + found + role(2) + role(0)) == ["1 accepted 3-vouched-by-tvs"])
        #expect(rules(head + missing + found) == ["1 unknown "])
        #expect(rules(head + missing + missingInCTL) == ["1 refused 4-not-vouched"])
        #expect(rules(head + missing + missingInCTL + head + found + role(0)).count == 2)
        let conclusion = LogExplanation(head + missing + found + role(0)).conclusions[0]
        #expect(conclusion.subject == "CN=a;O=b" && conclusion.text.localized.contains("CTL file on this node"))
        #expect(conclusion.quotes.map(\.line) == [1, 2, 5, 6, 7, 8])
        // A name that was wrapped in the middle.
        let wrapped = "09:10:11.052 | debug tvsHandleQueryCertReq : Subject Name is: CN=a;\nO=b;C=PL\n"
        #expect(LogExplanation(wrapped).conclusions[0].subject == "CN=a;O=b;C=PL")
    }

    @Test func otherTextsAreNoLogs() {
        for text in [
            "", "\n\n\n", "hello", "12:00 | x", "100:", "100: NOT", "100: NOT x y", "::: NOT 1:1:1 x", "1:22:33 | ",
            String(repeating: "x", count: 100_000), String(repeating: "1: ", count: 1000),
            "\u{0}\u{1}\u{ff}", "99999999999999999999999: NOT 08:00:00 SECD: x",
        ] { #expect(LogExplanation(text).conclusions.isEmpty) }
        let other = LogExplanation("1: NOT 08:00:00.0 JVM: nothing\n2: ERR 08:00:01.0 NET: nothing\n")
        #expect(other.entries == 2 && other.events == 0)
        // Both kinds in one file, with other lines in between.
        let both =
            asked + "2026-11-23T08:00:00 kernel: hello\nplain text\n" + answered
            + trace("tvsHandleQueryCertReq", "tvsHandleQueryCertReq : Subject Name is: CN=x")
        #expect(LogExplanation(both).conclusions.count == 2)
    }

    /// Lines of the length that no log has, and very many of them, take no time and no memory.
    @Test func whatIsNoLogIsReadQuickly() {
        let start = ContinuousClock.now
        let texts = [
            String(repeating: "8074: NOT 23:00:22.3 SECD: ", count: 40_000), String(repeating: "x\n", count: 1_000_000),
            String(repeating: "\n", count: 1_000_000), String(repeating: "1", count: 1 << 20),
            String(repeating: "\u{1F1E9}", count: 1 << 16),
        ]
        for text in texts { #expect(LogExplanation(text).conclusions.isEmpty) }
        #expect(LogExplanation(texts[0] + "\n" + asked).entries == LogExplanation(asked).entries)
        #expect(ContinuousClock.now - start < .seconds(30))
    }
}
