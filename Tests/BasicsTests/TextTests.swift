import Basics
import Testing

@Suite(.timeLimit(.minutes(5))) struct BytesTests {
    @Test func hexadecimalBothWays() {
        let bytes: [UInt8] = [0x00, 0x0f, 0xa0, 0xff]
        #expect(bytes.hex == "000fa0ff" && bytes.colonHex == "00:0F:A0:FF")
        #expect("3cf927".asSerialNumber == "3C:F9:27" && "-".asSerialNumber == "-")
        for text in ["000fa0ff", "000FA0FF", "00:0f:a0:ff", "00 0f a0 ff"] { #expect([UInt8](hex: text) == bytes) }
        #expect([UInt8](hex: "") == [])
        for text in ["0", "000", "0g", "0x00", "+1", "-1", "0\u{661}", "00,ff"] { #expect([UInt8](hex: text) == nil) }
    }

    @Test func numbersMayLackAZero() {
        #expect([UInt8](hexNumber: "123") == [0x01, 0x23])
        #expect([UInt8](hexNumber: "01:23") == [0x01, 0x23])
        for text in ["", ":", "12g", "0x12"] { #expect([UInt8](hexNumber: text) == nil) }
    }

    /// RFC 4648, section 10.
    @Test(arguments: zip(["", "f", "fo", "foo", "foob"], ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]))
    func base64BothWays(text: String, encoded: String) {
        #expect(base64(Array(text.utf8)) == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
    }

    @Test func whatIsNoBase64IsRefused() {
        for text in ["Zg", "Z", "Zm9v!", "Zm 9v"] { #expect([UInt8](base64: text) == nil, "\(text)") }
    }

    @Test func theMostSignificantByteIsFirst() {
        #expect([UInt8](bigEndian: UInt16(0x0102)) == [1, 2])
        #expect([UInt8](bigEndian: UInt32(1)) == [0, 0, 0, 1])
        #expect([0x01, 0x02].bigEndian(as: Int.self) == 0x0102)
        #expect([UInt8]().bigEndian(as: Int.self) == 0)
        #expect([0x01, 0xff, 0xfe].bigEndian(as: UInt16.self) == 0xfffe)
    }
}

@Suite(.timeLimit(.minutes(5))) struct PercentTests {
    @Test func encodesAllButTheUnreserved() {
        #expect(Percent.encode("aZ09-._~ /ä%+") == "aZ09-._~%20%2F%C3%A4%25%2B")
        #expect(Percent.encode("a b%".utf8, keeping: { $0 != UInt8(ascii: "%") }) == "a b%25")
    }

    @Test(arguments: ["", "a", "%", "%2", "%zz", "%+1", "100%"]) func whatIsNotEscapedStaysAsItIs(text: String) {
        #expect(Percent.decode(text.utf8) == Array(text.utf8))
        #expect(Percent.isWhole(text.utf8) == !text.contains("%"))
    }

    @Test func comesBack() {
        let bytes = Array(UInt8.min...UInt8.max)
        let text = Percent.encode(bytes, keeping: { _ in false })
        #expect(Percent.decode(text.utf8) == bytes && Percent.decode(text.lowercased().utf8) == bytes)
        #expect(Percent.isWhole(text.utf8))
        #expect(Percent.decode("%2525".utf8) == Array("%25".utf8))
    }

    @Test func aPlusIsASpaceInFormsOnly() {
        #expect(Percent.decodeForm("a+b%2Bc".utf8) == "a b+c")
        #expect(Percent.decode("a+b".utf8) == Array("a+b".utf8))
    }
}

@Suite(.timeLimit(.minutes(5))) struct TextTests {
    @Test func trimsBothEnds() {
        for (text, trimmed) in [("", ""), (" \t\r\n", ""), ("a", "a"), (" a b \r\n", "a b"), ("\u{a0}a", "a")] {
            #expect(text.trimmed == trimmed && Substring(text).trimmed == trimmed)
        }
        #expect(" \ta ".trimmed(while: { $0 == " " }) == "\ta")
    }

    @Test func breaksAtSpaces() {
        #expect("one two three".wrapped(to: 7) == ["one two", "three"])
        #expect("one two".wrapped(to: 80) == ["one two"])
        #expect("incomprehensible word".wrapped(to: 4) == ["incomprehensible", "word"])
        #expect("".wrapped(to: 4) == [""])
    }

    @Test func padsWithOneSpaceAtLeast() {
        #expect("ab".padded(to: 4) == "ab  " && "abcd".padded(to: 4) == "abcd " && "abcdef".padded(to: 4) == "abcdef ")
    }

    @Test func markupIsEscaped() {
        #expect("<a href=\"x\">'&'</a>".escapedForMarkup == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;")
        #expect("a\u{0}b\u{1B}c\t\n\r\u{1F600}".escapedForMarkup == "abc\t\n&#13;\u{1F600}")
    }
}

@Suite(.timeLimit(.minutes(5))) struct PEMTests {
    private let block = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n"

    @Test func isFoundAmongOtherThings() {
        #expect(PEM.block("CERTIFICATE", [1, 2, 3]) == block)
        let terminal = "show cert\r\n\(block.split(separator: "\n").joined(separator: "  \r\n "))\r\nadmin:"
        #expect(PEM.certificate(in: terminal) == block)
        #expect(PEM.rest(of: terminal) == "\r\nadmin:")
        #expect(PEM.certificate(in: "-----END CERTIFICATE----- -----BEGIN CERTIFICATE-----") == nil)
        #expect(PEM.certificate(in: "nothing") == nil && PEM.rest(of: "nothing") == "nothing")
    }

    @Test func linesAre64Characters() {
        let lines = PEM.block("X", Array(repeating: 0, count: 100)).split(separator: "\n")
        #expect(lines.map(\.count) == [17, 64, 64, 8, 15])
    }
}
