import Basics
import Markup
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
        #expect(root.children.first == .text("xy<") && root.element(named: "b")?.rawText == " ")
        #expect(root.children[2] == .text("<" + String(repeating: "0123456789&", count: 100)))
        let last = try #require(root.elements.last)
        #expect(last.name == "x:c" && last.namespace == nil && last.elements.first?.namespace == "u")
    }

    @Test func escapedTextComesBack() throws {
        let text = "a<b>&\"c\" 'd' \u{1F600}\r\n\tö"
        let root = try XMLDocument.parse("<a b=\"\("<'\"&".escapedForMarkup)\">\(text.escapedForMarkup)</a>")
        #expect(root.rawText == text)
        #expect(root["b"] == "<'\"&")
    }
}
