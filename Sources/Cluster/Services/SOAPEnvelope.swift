import Markup

/// What is in the envelope of a response (SOAP 1.1, sections 4 and 4.4).
package enum SOAPEnvelope {
    /// No response is larger, in bytes.
    package static let maximumSize = 32 << 20

    /// The first element of the body; nil if this is not an envelope.
    package static func content(of root: MarkupElement) -> MarkupElement? {
        root.name == "Envelope" ? root.element(named: "Body")?.elements.first : nil
    }

    package static func isFault(_ content: MarkupElement) -> Bool { content.name == "Fault" }

    package static func faultText(of fault: MarkupElement) -> String {
        fault.firstDescendant(named: "faultstring")?.text ?? fault.text
    }
}
