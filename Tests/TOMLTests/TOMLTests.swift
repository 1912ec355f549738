import TOML
import Testing

@Suite struct TOMLTests {
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
        #expect(error?.line == line && error?.reason.isEmpty == false)
    }

    @Test func depthAndLengthAreBounded() {
        let deep = "a = " + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: deep) }
        let long = "a = '" + String(repeating: "x", count: TOMLValue.maximumLength) + "'"
        #expect(throws: TOMLError.self) { try TOMLValue(parsing: long) }
    }
}
