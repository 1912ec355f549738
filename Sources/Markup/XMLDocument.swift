import CXML
import Glibc
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
        // Before the parser sees it; declarations written in UTF-16 are caught after parsing.
        guard !declaresType(bytes) else { throw documentType }
        Library.start()
        guard let context = xmlNewParserCtxt() else {
            throw MarkupError(code: .malformed, message: localized("out of memory"))
        }
        defer { xmlFreeParserCtxt(context) }
        let options =
            XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
            | XML_PARSE_NOCDATA.rawValue
        let parsed = bytes.withUnsafeBytes { buffer in
            xmlCtxtReadMemory(
                context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), nil, nil,
                Int32(options))
        }
        guard let document = parsed, let root = xmlDocGetRootElement(document) else {
            if let parsed { xmlFreeDoc(parsed) }
            throw failure(context)
        }
        defer { xmlFreeDoc(document) }
        guard document.pointee.intSubset == nil, document.pointee.extSubset == nil else { throw documentType }
        return try TreeReader.element(root)
    }

    public static func parse(_ text: String, maximumSize: Int = 8 << 20) throws(MarkupError) -> MarkupElement {
        try parse(Array(text.utf8), maximumSize: maximumSize)
    }

    private static var documentType: MarkupError {
        MarkupError(
            code: .documentType, message: localized("the document declares a document type, which is not allowed"))
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

    private static func declaresType(_ bytes: [UInt8]) -> Bool {
        let rest = Array("DOCTYPE".utf8)
        return bytes.withUnsafeBytes { bytes in
            var offset = 1
            // An exclamation mark is rare in what the servers answer.
            while offset < bytes.count,
                let mark = memchr(bytes.baseAddress! + offset, 0x21, bytes.count - offset)
            {
                offset = UnsafeRawPointer(mark) - bytes.baseAddress! + 1
                if bytes[offset - 2] == 0x3c, bytes[offset...].starts(with: rest) { return true }
            }
            return false
        }
    }
}
