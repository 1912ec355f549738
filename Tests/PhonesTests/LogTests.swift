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
        100: NOT 08:00:01.000001 SECUREAPP-Attempting connect to TVS server addr [192.0.2.1], mode [IPv4]
        101: DEB 08:00:01.000900 SECUREAPP-TVS process request - processing TVS Query
        Certificate request.
        102: NOT 08:00:01.100000 JVM: something about a call

        """
    private let answered = """
        103: DEB 08:00:01.300000 SECUREAPP-TVS Service receives 1480 bytes of data
        104: DEB 08:00:01.300500 SECUREAPP-something else
        105: INF 08:00:01.300900 SECUREAPP-TVS added cert to TVS
        cache - expires in 24 hours

        """
    /// What technote 118893 prints: by its names, the phone forgets what TVS said before.
    private let flushed = """
        101: NOT 08:00:01.000900 SECD: tvsReqFlushTvsCertCache: Sent Request to TVS
        proxy, len: 3708
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
        #expect(quotes[1].text == "SECUREAPP-TVS added cert to TVS cache - expires in 24 hours")
    }

    @Test func aPhoneThatDidNotAsk() {
        let request = "7 NOT Nov 23 08:00:00.500000 SECD: tlRequestFile: Request CTLSEP001122334455.tlv\r\n"
        let first = "6: NOT 08:00:00.400000 STATUS: No Trust List Installed\r\n"
        let updated = "8: NOT 08:00:00.600000 STATUS: Trust List Updated\r\n"
        let failed = "8: NOT 08:00:00.600000 STATUS: Trust List Update Failed\r\n"
        let refused = "8: NOT 08:00:00.600000 STATUS: Trust List update failed, verification failure\r\n"
        #expect(rules(request) == [])
        #expect(rules(first + request + updated) == ["1 accepted 1-first-use"])
        #expect(rules(request + updated) == ["1 accepted 2-signer-in-held-ctl|3-signer-in-itl"])
        let refusals = "4-no-security-by-default|4-not-vouched|4-other-key"
        #expect(rules(request + refused) == ["1 refused \(refusals)"])
        // It may also be that nothing could be fetched.
        #expect(rules(request + failed) == ["1 unknown \(refusals)"])
        #expect(LogExplanation(request + updated).conclusions[0].subject == "CTLSEP001122334455.tlv")
        // Its own file is missing, the common one is there: one story. The ITL file is another.
        let common = "8: NOT 08:00:00.700000 SECD: tlRequestFile: Request CTLFile.tlv\n"
        let itl = "9: NOT 08:00:00.800000 TFTP: Requesting ITLFile.tlv from 10.0.0.1\n"
        let both = LogExplanation(request + common + updated + itl + updated).conclusions
        #expect(both.map(\.subject) == ["CTLFile.tlv", "ITLFile.tlv"])
        // The list of status messages on the phone.
        #expect(
            rules("08:01:02 11/23/26 Trust List Update Failed") == [
                "1 unknown 4-no-security-by-default|4-not-vouched|4-other-key"
            ])
    }

    /// That a phone forgets what TVS said is no question to TVS, and no answer.
    @Test func aFlushOfTheCacheDecidesNothing() {
        #expect(rules(flushed) == [])
        #expect(LogExplanation(flushed).events == 3)
        let updated = "106: NOT 08:00:02.000000 STATUS: Trust List Updated\n"
        #expect(rules(flushed + updated) == ["6 accepted 2-signer-in-held-ctl|3-signer-in-itl"])
        #expect(rules(asked + answered + updated + flushed) == ["2 accepted 3-vouched-by-tvs"])
    }

    /// A newer phone that moves to another cluster, in the words of technote 213407: it asks TVS about the CTL file's
    /// signer, and knows the ITL file's then.
    @Test func aNewerPhonesLog() {
        let log = """
            10 NOT Nov 29 06:00:01.010000 downd-DDFORK - execing [/usr/sbin/dgetfile][-L620][ ]
            11 NOT Nov 29 06:00:01.030000 dgetfile(870)-GETXXTP [GT870][src=CTLSEP001122334455.tlv][dest=/tmp/CTLFile.tlv][serv=]
            12 DEB Nov 29 06:00:01.400000 SECUREAPP-SSL session setup Cert Verification - Role is = 21
            13 DEB Nov 29 06:00:01.900000 SECUREAPP-TVS process request - processing TVS Query Certificate request.
            14 NOT Nov 29 06:00:01.910000 SECUREAPP-TVS process request - Successfully sent the TVS request to TVS server
            15 INF Nov 29 06:00:01.920000 SECUREAPP-TVS added cert to TVS cache - expires in 24 hours
            16 NOT Nov 29 06:00:02.410000 SECUREAPP-Hashes match... authentication successful.
            17 WRN Nov 29 06:00:02.420000 SECUREAPP-AUTH: hdr ver 1.2 (knows only upto 1.1)
            18 DEB Nov 29 06:00:02.430000 SECUREAPP-TL file verified successfully.
            19 INF Nov 29 06:00:02.440000 SECUREAPP-TL file updated.
            20 NOT Nov 29 06:00:02.450000 dgetfile(877)-GETXXTP [GT877][src=ITLSEP001122334455.tlv][dest=/tmp/ITLFile.tlv][serv=]
            21 DEB Nov 29 06:00:02.500000 SECUREAPP-TL file verified successfully.
            22 INF Nov 29 06:00:02.510000 SECUREAPP-TL file updated.
            """
        #expect(
            rules(log) == ["2 accepted 3-vouched-by-tvs", "11 accepted 2-signer-in-held-ctl|3-signer-in-itl"])
        #expect(
            LogExplanation(log).conclusions.map(\.subject) == ["CTLSEP001122334455.tlv", "ITLSEP001122334455.tlv"])
        #expect(LogExplanation(log).conclusions[0].quotes.map(\.line) == [2, 4, 6, 9, 10])
    }

    /// The status messages that the guides of 69xx, 78xx and 88xx phones list.
    @Test(arguments: [
        ("CTL and ITL installed", "accepted 1-first-use"),
        ("CTL Installed", "accepted 1-first-use|3-signer-in-itl|3-vouched-by-tvs"),
        ("ITL installed", "accepted 1-first-use|2-signer-in-held-ctl"),
        ("Trust List updated", "accepted 2-signer-in-held-ctl|3-signer-in-itl|3-vouched-by-tvs"),
        ("CTL update failed", "unknown 4-no-security-by-default|4-not-vouched|4-other-key"),
        ("Trust List update failed", "unknown 4-no-security-by-default|4-not-vouched|4-other-key"),
        (
            "Trust List update failed, verification failure",
            "refused 4-no-security-by-default|4-not-vouched|4-other-key"
        ), ("Erasing CTL and ITL files", "unknown "), ("File Not Found <CTLFile.tlv>", "unknown "),
        ("No Trust List installed", "unknown "),
    ])
    func statusMessages(text: String, expected: String) {
        let line = "10:02:11 11/29/23 \(text)\n"
        #expect(rules(line) == ["1 \(expected)"])
        // Each is a conclusion of its own.
        #expect(
            rules(line + "10:03:00 11/29/23 CTL update failed\n").count == (text == "No Trust List installed" ? 1 : 2))
    }

    /// A phone whose trust lists were deleted trusts the next one.
    @Test func afterAnErasure() {
        let log = "10:02:11 11/29/23 Erasing CTL and ITL files\n10:02:40 11/29/23 Trust List updated\n"
        #expect(rules(log) == ["1 unknown ", "2 accepted 1-first-use"])
        let own = "7 NOT Nov 23 08:00:00.5 SECD: File Not Found <CTLSEP001122334455.tlv>\n"
        #expect(rules(own) == [])
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
