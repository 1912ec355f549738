import Messages
import TOML
import Testing

@Suite(.timeLimit(.minutes(5))) struct TOMLTests {
    @Test func documentsAreRead() throws {
        let value = try TOMLValue(
            parsing: """
                # a comment
                title = "naïve \\u00e9 \\"quoted\\""\r
                count = -42
                on = true
                off = false
                when = 2015-03-06
                share = 0.5
                list = [1, "two", [true]]
                [clusters."a.b"]
                name = 'literal \\n'
                [[clusters."a.b".nodes]]
                name = "pub"
                [[clusters."a.b".nodes]]
                name = "sub"
                """)
        let root = try #require(value.table)
        #expect(root["title"] == .string("naïve é \"quoted\""))
        #expect(root["count"]?.integer == -42 && root["on"]?.boolean == true && root["off"]?.boolean == false)
        #expect(root["when"] == .other && root["share"] == .other)
        #expect(root["list"] == .array([.integer(1), .string("two"), .array([.boolean(true)])]))
        let cluster = try #require(root["clusters"]?.table?["a.b"]?.table)
        #expect(cluster["name"]?.string == "literal \\n")
        #expect(cluster["nodes"]?.array?.compactMap { $0.table?["name"]?.string } == ["pub", "sub"])
        #expect(try TOMLValue(parsing: "") == .table([:]))
    }

    @Test(arguments: [
        ("a = ", 1), ("a = 1\na = 2", 2), ("[a\n", 1), ("a = 'b\u{0}'", 1), ("\n\na = \"unfinished", 3), ("= 1", 1),
        ("a = 99999999999999999999", 1), ("[a]\n[a]", 2),
    ])
    func faultsAreFoundWhereTheyAre(text: String, line: Int) {
        let error = #expect(throws: TOMLError.self) { try TOMLValue(parsing: text) }
        #expect(error?.line == line && error?.reason.localized.isEmpty == false)
    }

    @Test func faultsHaveAColumnInCharacters() {
        let error = #expect(throws: TOMLError.self) { try TOMLValue(parsing: "'é' = 1\r\n'ü' = x") }
        #expect(error?.line == 2 && error?.column == 7)
        #expect(error?.description.hasPrefix("line 2, column 7: ") == true)
    }

    @Test(arguments: ["a = 1\r\nb = 'x'\r\n", "\u{FEFF}a = 1\nb = 'x'", "# 字\na = 1\nb = \"\"\"\nx\"\"\" # é"])
    func lineEndsMarksAndCommentsMakeNoDifference(text: String) throws {
        #expect(try TOMLValue(parsing: text) == .table(["a": .integer(1), "b": .string("x")]))
    }

    @Test(arguments: [
        "a\rb = 1", "a = 1\rb = 2", "a = '\u{7F}'", "# \u{0}", "a = \"\\uD800\"", "a = \"\\q\"", "a.b = 1\na = 2",
    ])
    func otherFaultsAreRefused(text: String) {
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: text) }
    }

    @Test func lengthIsBounded() throws {
        let longest = String(repeating: "x", count: TOMLValue.maximumLength - "a = ''".utf8.count)
        #expect(try TOMLValue(parsing: "a = '\(longest)'").table?["a"] == .string(longest))
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: "a = '\(longest)x'") }
    }

    @Test(arguments: [("[", "]"), ("{a = ", "}")])
    func valuesWithinValuesAreBounded(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            "a = " + String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        _ = try TOMLValue(parsing: nested(31))
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: nested(33)) }
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: nested(100_000)) }
    }

    /// Each part of a key creates a table; destroying 100,000 of them would end the program, not the parsing.
    @Test(arguments: [("", " = 1"), ("[", "]"), ("[[", "]]"), ("a = {", " = 1}"), ("a = [{", " = 1}]")])
    func partsOfKeysAreBounded(before: String, after: String) throws {
        func document(_ parts: Int, _ part: String) -> String {
            "x = '''\n'''\n" + before + Array(repeating: part, count: parts).joined(separator: ".") + after
        }
        for part in ["k", "'#'", "\"\\\"\"", " k ", "\"\""] {
            _ = try TOMLValue(parsing: document(32, part))
            for parts in [33, 100_000] {
                let error = #expect(throws: TOMLError.self) { try TOMLValue(parsing: document(parts, part)) }
                #expect(error?.line == 3 && error?.reason.localized.contains("parts") == true)
            }
        }
    }

    @Test(arguments: [
        "# DOTS", "a = 'DOTS'", "a = \"\\\"DOTS\"", "a = '''\n'DOTS'''''", "a = \"\"\"\\\"\"\"\\\"DOTS\"\"\"\"\"",
        "'DOTS' = 1", "[\"DOTS\"]", "a = '' # 'DOTS", "a = \"\"\"\"\"\"\n# DOTS",
    ])
    func dotsInTextsAndCommentsJoinNothing(text: String) throws {
        let parts = text.split(separator: "DOTS", omittingEmptySubsequences: false)
        _ = try TOMLValue(parsing: parts.joined(separator: String(repeating: ".", count: 100)))
    }

    @Test func fractionsAndTablesOfAnyNumberAreRead() throws {
        let fractions = Array(repeating: "0.5", count: 1000).joined(separator: ",")
        #expect(try TOMLValue(parsing: "a = [\(fractions)]").table?["a"]?.array?.count == 1000)
        let headers = (0..<1000).map { "[a.b.k\($0)]" }.joined(separator: "\n")
        #expect(try TOMLValue(parsing: headers).table?["a"]?.table?["b"]?.table?.count == 1000)
    }

    /// Reading takes time in proportion to the length, even for the longest documents.
    @Test(.timeLimit(.minutes(1))) func longDocumentsAreReadAtOnce() throws {
        let elements = "a = [" + String(repeating: "1,", count: 500_000) + "]"
        #expect(try TOMLValue(parsing: elements).table?["a"]?.array?.count == 500_000)
        let entries = (0..<80_000).map { "k\($0) = 1\n" }.joined()
        #expect(try TOMLValue(parsing: entries).table?.count == 80_000)
    }

    /// toml++ takes the first character of a table's name for granted.
    @Test(arguments: [
        "[.a]", "[=]", "[[.a]]", "[[[a]]]", "[\u{e9}]", "\t[ .a]", "\u{feff}[.a]", "x = [\n  [1],\n]\n[.a]", "[\n",
        "[[ [a]]]",
    ])
    func aTableThatCannotBeCalledSo(text: String) throws {
        let error = #expect(throws: TOMLError.self) { try TOMLValue(parsing: text) }
        #expect(error?.reason.localized.isEmpty == false)
    }

    @Test(arguments: ["[a]", "[[a]]", " [ \"a.b\" ]", "x = [\n[\"\u{e9}\"],\n[2]]\n['a']", "x = [\n  [[1]],\n]\n[-1_]"])
    func tablesAndArrays(text: String) throws { #expect(try TOMLValue(parsing: text).table != nil) }

    @Test func blanksBetweenBracketsAreTheParsersAffair() throws {
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: "[ [a]]") }
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: "[]") }
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: "[") }
    }

    /// What toml++ asserts about a document is reported as an error in the document here, with its position.
    @Test func anAssertionIsAFault() throws {
        let error = #expect(throws: TOMLError.self) { try TOMLValue(parsing: "# \u{e9}\nx = [\"a\", }\ny = 1\n") }
        #expect(error?.line == 2 && error?.column == 11, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.reason.localized.contains("unexpected bracket, comma or key") == true)
    }
}
