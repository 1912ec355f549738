import CXML
import Messages

/// Reads and writes XML.
public enum XMLDocument {
    /// Parses a document and returns its root element.
    ///
    /// Nothing is fetched, no entity beyond the five of XML is known, and a document type declaration is refused.
    ///
    /// - Parameter maximumSize: bytes.
    public static func parse(_ bytes: [UInt8], maximumSize: Int = 8 << 20) throws(MarkupError) -> MarkupElement {
        guard bytes.count <= maximumSize else {
            throw MarkupError(code: .tooLarge, message: localized("the document is longer than \(maximumSize) bytes"))
        }
        Library.start()
        guard let context = xmlNewParserCtxt() else {
            throw MarkupError(code: .malformed, message: localized("out of memory"))
        }
        defer { xmlFreeParserCtxt(context) }
        var events = XMLEvents(size: bytes.count)
        // NOENT: the five of XML in an attribute's value, too.
        let options =
            XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
            | XML_PARSE_NOCDATA.rawValue | XML_PARSE_NOENT.rawValue
        let parsed = withUnsafeMutablePointer(to: &events) { events in
            XMLEvents.attach(events, to: context)
            return bytes.withUnsafeBytes { buffer in
                xmlCtxtReadMemory(
                    context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), nil, nil,
                    Int32(options))
            }
        }
        // Of the document there is nothing but its head, and that only if it is well-formed.
        xmlFreeDoc(parsed)
        if let error = events.error { throw error }
        guard parsed != nil, let root = events.tree.root() else { throw failure(context) }
        return root
    }

    public static func parse(_ text: String, maximumSize: Int = 8 << 20) throws(MarkupError) -> MarkupElement {
        try parse(Array(text.utf8), maximumSize: maximumSize)
    }

    private static func failure(_ context: xmlParserCtxtPtr) -> MarkupError {
        guard let error = xmlCtxtGetLastError(context) else {
            return MarkupError(code: .malformed, message: localized("the document is empty"))
        }
        let words = error.pointee.message.map { String(cString: $0).split { $0.isWhitespace }.joined(separator: " ") }
        return MarkupError(
            code: .malformed, message: words.map { .verbatim($0) } ?? localized("the document is malformed"),
            line: Int(error.pointee.line))
    }
}
