import Basics
import Markup
import ServerFixtures
import Testing

@Suite(.timeLimit(.minutes(5))) struct XMLTests {
    @Test func treesAreRead() throws {
        let root = try XMLDocument.parse(
            """
            <?xml version="1.0" encoding="utf-8"?>
            <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
            <ns:r xmlns:ns="http://www.cisco.com/AXL/API/10.5" a="1 &lt; 2" ns:b="x"><return><row><name>SEP1</name></row>
            <row><name><![CDATA[a<b]]></name></row></return></ns:r></s:Body></s:Envelope>
            """)
        #expect(root.name == "Envelope")
        #expect(root.namespace == "http://schemas.xmlsoap.org/soap/envelope/")
        let answer = try #require(root.firstDescendant(named: "r"))
        #expect(answer.namespace == "http://www.cisco.com/AXL/API/10.5")
        #expect(answer["a"] == "1 < 2")
        #expect(answer["b"] == "x")
        #expect(answer.descendants(named: "row").map { $0.element(named: "name")?.text } == ["SEP1", "a<b"])
        #expect(answer.elements.map(\.name) == ["return"])
    }

    @Test func entitiesAndDocumentTypesAreRefused() {
        for text in [
            "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
            "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>",
            "<!DOCTYPE a SYSTEM \"http://x/\"><a/>",
        ] {
            let error = #expect(throws: MarkupError.self) { try XMLDocument.parse(text) }
            #expect(error?.code == .documentType)
        }
        let wide = "<!DOCTYPE a [<!ENTITY b \"x\">]><a/>".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        let error = #expect(throws: MarkupError.self) { try XMLDocument.parse([0xFF, 0xFE] + wide) }
        #expect(error?.code == .documentType)
    }

    @Test func malformedDocumentsAreErrors() {
        for text in ["", "<a>", "<a></b>", "<a>&unknown;</a>", "text", "<a b=c/>"] {
            let error = #expect(throws: MarkupError.self) { try XMLDocument.parse(text) }
            #expect(error?.code == .malformed, "\(text)")
        }
        let deep = #expect(throws: MarkupError.self) {
            try XMLDocument.parse(
                String(repeating: "<a>", count: 250) + String(repeating: "</a>", count: 250))
        }
        #expect(deep?.code == .tooDeep)
    }

    /// As libxml2's own tree has it.
    @Test func textsAndNamesAreWhole() throws {
        let long = String(repeating: "0123456789&amp;", count: 100)
        let root = try XMLDocument.parse(
            "<a b='1 &amp; 2 &#228;' x:c='3'>x<!-- no -->y<?no?>&lt;<b> </b><![CDATA[<]]>\(long)<x:c xmlns='u'><d/></x:c></a>"
        )
        #expect(root["b"] == "1 & 2 ä" && root["x:c"] == "3" && root.namespace == nil)
        #expect(root.children.count == 4)
        let texts = root.children.map { node in if case .text(let text) = node { text } else { "" } }
        #expect(texts == ["xy<", "", "<" + String(repeating: "0123456789&", count: 100), ""])
        #expect(root.element(named: "b")?.rawText == " ")
        let last = try #require(root.element(named: "x:c"))
        #expect(last.name == "x:c" && last.namespace == nil && last.elements.first?.namespace == "u")
    }

    @Test func escapedTextComesBack() throws {
        let text = "a<b>&\"c\" 'd' \u{1F600}\r\n\tö"
        let root = try XMLDocument.parse("<a b=\"\("<'\"&".escapedForMarkup)\">\(text.escapedForMarkup)</a>")
        #expect(root.rawText == text)
        #expect(root["b"] == "<'\"&")
    }

    /// A document of elements of which each is like the one before or not, with and without namespaces, and texts anywhere.
    private struct Drawn {
        var name: String
        var namespace: String?
        var attribute: String?
        var contents: [Either]

        enum Either {
            case drawn(Drawn)
            case text(String)
        }

        init(depth: Int, using random: inout some RandomNumberGenerator) {
            name = "n\(Int.random(in: 0..<40, using: &random))"
            namespace = Bool.random(using: &random) ? "urn:\(Int.random(in: 0..<3, using: &random))" : nil
            attribute = Bool.random(using: &random) ? "v\(Int.random(in: 0..<9, using: &random))" : nil
            contents = []
            guard depth > 0 else { return }
            var mayBeText = true
            for _ in 0..<Int.random(in: 0..<7, using: &random) {
                if mayBeText, Bool.random(using: &random) {
                    contents.append(.text("ö\(Int.random(in: 0..<9, using: &random)) & "))
                    mayBeText = false
                } else {
                    contents.append(.drawn(Drawn(depth: depth - 1, using: &random)))
                    mayBeText = true
                }
            }
        }

        var xml: String {
            let inside = contents.map { part in
                switch part {
                case .drawn(let element): element.xml
                case .text(let text): text.escapedForMarkup
                }
            }
            let (prefix, declared) = namespace.map { ("p:", " xmlns:p='\($0)'") } ?? ("", "")
            let value = attribute.map { " a='\($0)'" } ?? ""
            return "<\(prefix)\(name)\(declared)\(value)>\(inside.joined())</\(prefix)\(name)>"
        }

        var text: String {
            contents.map { part in
                switch part {
                case .drawn(let element): element.text
                case .text(let text): text
                }
            }.joined()
        }

        func expectEqual(_ read: MarkupElement) {
            #expect(read.name == name && read.namespace == namespace && read["a"] == attribute && read.rawText == text)
            #expect(read.children.count == contents.count)
            var elements = read.elements.makeIterator()
            for (child, expected) in zip(read.children, contents) {
                switch (child, expected) {
                case (.element(let element), .drawn(let drawn)):
                    drawn.expectEqual(element)
                    #expect(elements.next()?.rawText == drawn.text)
                case (.text(let text), .text(let expected)): #expect(text == expected)
                default: Issue.record("an element and a text are confused")
                }
            }
            #expect(elements.next() == nil)
        }
    }

    @Test(arguments: 0..<20) func whatIsWrittenIsRead(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let drawn = Drawn(depth: 5, using: &random)
        drawn.expectEqual(try XMLDocument.parse(drawn.xml))
    }
}
