import Basics
import Foundation
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(5))) struct VisibleTextTests {
    /// What Unicode calls control, format, line or paragraph separator; nothing else.
    @Test func everyCharacterThatIsNotSeenIsShownAsWhatItIs() {
        var count = 0
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let hidden = [.control, .format, .lineSeparator, .paragraphSeparator].contains(
                scalar.properties.generalCategory)
            let shown = String(scalar).visible
            if hidden {
                count += 1
                #expect(shown == "\\u{" + String(value, radix: 16).uppercased() + "}")
            } else if shown != String(scalar) {
                Issue.record("U+\(String(value, radix: 16)) became \(shown)")
            }
        }
        #expect(count > 200)
    }

    @Test func namesAreOneLineAndTextsKeepTheirs() {
        #expect("a\nb\r\nc\tü 電話 👩‍💻".visible == #"a\u{A}b\u{D}\u{A}c\u{9}ü 電話 👩\u{200D}💻"#)
        #expect(
            "a\nb\r\nc\u{1B}[2J\u{9B}1m\u{202E}x\u{2066}\u{FEFF}".visibleLines
                == "a\nb\\u{D}\nc\\u{1B}[2J\\u{9B}1m\\u{202E}x\\u{2066}\\u{FEFF}")
        #expect("\u{2028}\u{2029}\u{AD}\u{7F}\u{0}".visibleLines == #"\u{2028}\u{2029}\u{AD}\u{7F}\u{0}"#)
        let twice = "\u{1B}\u{202E}".visible
        #expect(twice.visible == twice)
    }

    @Test func aLongNameIsCut() {
        #expect("abcdef".shortened(to: 6) == "abcdef" && "abcdefg".shortened(to: 6) == "abc...")
    }

    /// The same value, in which a terminal finds nothing to obey.
    @Test func jsonHasNoneOfThem() throws {
        let name = "a\u{1B}\u{7F}\u{9B}1m\u{202E}\u{2066}\u{E0001}\u{2028}ü😀\"\\"
        for bytes in [try JSON.document([name]), try JSON.line([name: name])] {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.visibleLines == text, "\(text.visible)")
            #expect(text.contains(#"\u202e"#) && text.contains(#"\u009b"#) && text.contains(#"\udb40\udc01"#))
            #expect(text.contains("ü😀"))
        }
        #expect(try JSON.decode([String].self, from: JSON.document([name])) == [name])
        #expect(try JSON.decode([String: String].self, from: JSON.line([name: name])) == [name: name])
    }
}

/// How a shell reads words.
@Suite(.waiting, .timeLimit(.minutes(5))) struct ShellWordTests {
    static let names = [
        "", "plain", "SAST-ADN008580ef", "x;touch PWN #", "$(touch PWN)", "`touch PWN`", "it's \"both\"", "a b  c",
        "a\nb", "\n", "-rf", "--force", "Büro Köln", "*", "~", "!x", "a\\b", "100%", "%s%n", "x\u{1B}[2J'\\%-",
        "\u{202E}gpj", "a&&b|c>PWN", "=x", "#", "{a,b}", "$HOME", "\t tab\t", "ü\u{AD}\u{1F600}",
    ]

    @Test(arguments: ["/bin/sh", "/bin/bash"]) func comeBackExactly(shell: String) throws {
        let folder = TemporaryFolder()
        for name in Self.names where name != "\n" {
            let word = Shell.word(name)
            #expect(word.visible == word, "\(word.visible)")
            let result = try ChildProcess.end(of: [shell, "-c", "cd '\(folder.path)' && printf '[%s]' \(word)"])
            #expect(result.status == 0 && result.output == "[\(name)]", "\(word): \(result)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func thePlainStayPlain() {
        for name in ["office", "SAST-ADN008580ef", "/tmp/a_b.tlv", "10.1.2.3", "pub=SHA256:x"] {
            #expect(Shell.word(name) == name)
        }
        #expect(Shell.option("--node", "-x") == "--node=-x" && Shell.option("--node", "a b") == "--node 'a b'")
        #expect(Shell.path("-x") == "./-x" && Shell.path("a-x") == "a-x")
    }
}

@Suite(.waiting, .timeLimit(.minutes(5))) struct CSVCellTests {
    static let cells = [
        "", "Warszawa", "=cmd|'/C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "'=1", "''=1", "'", "'a",
        "a,b", "say \"x\"", "a\nb", "a\u{1B}[2Jb", "\u{202E}x", "\\", "\\u{1B}", "\\u{5C}u{1B}", "\\\\u{3B}", "x;=1",
        "x;\"=1",
        "x;y", ";", "\\u", "\\u{", "\\u{zz}", "\\u{110000}", "Büro", "\u{2028}",
    ]

    private func unquoted(_ cell: String) -> String {
        guard cell.hasPrefix("\"") else { return cell }
        return cell.dropFirst().dropLast().replacingOccurrences(of: "\"\"", with: "\"")
    }

    @Test(arguments: cells) func comesBackAndIsNeverComputed(text: String) {
        let cell = text.csvCell
        let seen = unquoted(cell)
        #expect(String(csvCell: seen) == text, "\(cell)")
        #expect(cell.visible == cell, "\(cell.visible)")
        // Whatever separates cells there, none starts with what is computed.
        for separator: Character in [",", ";", "\t"] {
            for part in cell.split(separator: separator, omittingEmptySubsequences: false) where separator != "," {
                let start = part.drop { $0 == "\"" }.first
                #expect(start.map { !"=+-@".contains($0) } ?? true, "\(cell)")
            }
        }
        #expect(seen.first.map { !"=+-@".contains($0) } ?? true, "\(cell)")
    }

    @Test func whatNeedsNothingStays() {
        for text in ["Warszawa", "SEP001122334455", "a-b", "a=b", "10.1.2.3", "it's", "x;y"] {
            #expect(text.csvCell == text)
        }
        #expect("=1+1".csvCell == "'=1+1" && "=1,\"a\"".csvCell == "\"'=1,\"\"a\"\"\"")
    }
}
