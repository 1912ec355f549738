import Configuration
import Markup
import Messages
import Secrets
import Transfers

/// SOAP 1.1 calls to a node with HTTP Basic authentication.
final class SOAPClient: Sendable {
    let node: NodeConfiguration
    private let defaultPath: String
    private let user: String
    private let password: Secret
    private let session: HTTPSession

    init(
        _ node: NodeConfiguration, path: String, user: String, password: Secret, service: String,
        wire: (any Wire)? = nil
    ) throws(ClusterError) {
        self.node = node
        defaultPath = path
        self.user = user
        self.password = password
        session = HTTPSession(tls: try node.tls(operation: localized("use \(service)")), wire: wire)
    }

    /// Sends the contents of the envelope's body and returns the response's first element.
    ///
    /// - Throws: `refused` with the fault's text; `loginRefused` on HTTP status 401.
    ///
    /// - Parameter path: if it is not the usual one.
    func call(
        _ body: String, namespace: String, action: String, path: String? = nil, operation: LocalizableText
    ) throws(ClusterError) -> MarkupElement {
        let envelope = """
            <?xml version="1.0" encoding="UTF-8"?>
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="\(namespace)">\
            <soapenv:Header/><soapenv:Body>\(body)</soapenv:Body></soapenv:Envelope>
            """
        let path = path ?? defaultPath
        var answer = try send(envelope, to: path, action: action, operation: operation)
        if answer.status == 404 {
            // A server whose session has ended says the same: it no longer knows the cookie.
            session.forgetCookies()
            answer = try send(envelope, to: path, action: action, operation: operation)
        }
        return try content(of: answer, operation: operation)
    }

    private func send(
        _ envelope: String, to path: String, action: String, operation: LocalizableText
    ) throws(ClusterError) -> HTTPResponse {
        try password.withArray { (bytes) throws(ClusterError) -> HTTPResponse in
            do throws(TransferError) {
                return try session.send(
                    HTTPRequest(
                        .post, "https://\(node.authority(port: node.httpsPort))\(path)",
                        headers: [HTTPHeader("SOAPAction", "\"\(action)\""), HTTPHeader("Accept", "text/xml")],
                        authentication: BasicCredentials(user: user, password: bytes),
                        body: .bytes(Array(envelope.utf8), contentType: "text/xml; charset=utf-8"),
                        timeout: 60, maximumBodySize: SOAPEnvelope.maximumSize))
            } catch {
                throw ClusterError(
                    error, operation: operation, node: node, port: node.httpsPort, expected: node.tlsPin)
            }
        }
    }

    private func content(of answer: HTTPResponse, operation: LocalizableText) throws(ClusterError) -> MarkupElement {
        guard answer.status != 401, answer.status != 403 else {
            throw ClusterError(
                .loginRefused, operation: operation, node: node.name,
                message: localized("the user name or password of \(user) was refused"),
                found: localized("HTTP status \(answer.status)"), account: .application)
        }
        // AXL refuses requests that come too fast, before it looks at them.
        guard answer.status != 503 else {
            throw ClusterError(
                .busy, operation: operation, node: node.name,
                message: localized("the server is too busy (HTTP status 503)"),
                retryAfter: answer.header("Retry-After").flatMap { Double($0) }.flatMap {
                    $0 >= 0 && $0.isFinite ? $0 : nil
                })
        }
        guard answer.status != 404 else {
            throw ClusterError(
                .notFound, operation: operation, node: node.name,
                message: localized("the service is not there (HTTP status \(answer.status))"))
        }
        // AXL's status for a schema that it does not have; the text names those that it has.
        guard answer.status != 599 else {
            throw ClusterError(
                .notSupported, operation: operation, node: node.name,
                message: localized("it does not know this version of the interface (HTTP status \(answer.status))"),
                found: (try? HTMLDocument(answer.body))?.text ?? answer.text)
        }
        let root: MarkupElement
        do throws(MarkupError) {
            root = try XMLDocument.parse(answer.body, maximumSize: SOAPEnvelope.maximumSize)
        } catch {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("HTTP status \(answer.status), and the response is not XML: \(error)"),
                found: answer.text,
                cause: error)
        }
        guard let content = SOAPEnvelope.content(of: root) else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("the response is not a SOAP envelope"),
                found: answer.text)
        }
        guard !SOAPEnvelope.isFault(content), answer.status == 200 else {
            let text = SOAPEnvelope.faultText(of: content)
            guard !ClusterError.isAboutMemory(text) else {
                throw ClusterError(
                    .busy, operation: operation, node: node.name, message: localized("the server refuses: \(text)"),
                    found: text)
            }
            throw ClusterError(
                .refused, operation: operation, node: node.name, message: localized("the server refuses: \(text)"),
                found: text)
        }
        return content
    }
}

extension ClusterError {
    /// "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed"
    static func isAboutMemory(_ text: String) -> Bool { text.lowercased().contains("memory allocation consumed") }

    /// Whether the server was busy because it had no memory for the answer.
    var isOutOfMemory: Bool { code == .busy && Self.isAboutMemory(message.localized) }
}
