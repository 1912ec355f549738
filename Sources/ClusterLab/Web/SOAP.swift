import Basics
import Markup

/// SOAP 1.1 envelopes, as AXL and the serviceability interface use them.
enum SOAP {
    static let envelopeNamespace = "http://schemas.xmlsoap.org/soap/envelope/"

    /// The one element in the body of an envelope.
    static func operation(_ body: [UInt8]) -> MarkupElement? {
        guard let envelope = try? XMLDocument.parse(body, maximumSize: 1 << 20), envelope.name == "Envelope",
            envelope.namespace == envelopeNamespace, let content = envelope.element(named: "Body")
        else { return nil }
        let operations = Array(content.elements)
        return operations.count == 1 ? operations[0] : nil
    }

    static func envelope(_ content: String, status: Int = 200) -> WebResponse {
        .xml(
            """
            <?xml version="1.0" encoding="UTF-8"?>\
            <soapenv:Envelope xmlns:soapenv="\(envelopeNamespace)"><soapenv:Body>\(content)</soapenv:Body></soapenv:Envelope>
            """, status: status)
    }

    static func fault(_ text: String, code: Int? = nil, request: String = "") -> WebResponse {
        let detail = code.map { number in
            """
            <detail><axlError><axlcode>\(number)</axlcode><axlmessage>\(text.escapedForMarkup)</axlmessage>\
            <request>\(request.escapedForMarkup)</request></axlError></detail>
            """
        }
        return envelope(
            """
            <soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>\(text.escapedForMarkup)</faultstring>\
            \(detail ?? "")</soapenv:Fault>
            """, status: 500)
    }
}
