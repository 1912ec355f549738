import Configuration
import Markup
import Messages
import Secrets
import Transfers

/// SOAP 1.1 calls to a node with HTTP Basic authentication.
final class SOAPClient: Sendable {
    let node: NodeConfiguration
    private let path: String
    private let user: String
    private let password: Secret
    private let session: HTTPSession

    init(
        _ node: NodeConfiguration, path: String, user: String, password: Secret, service: String
    ) throws(ClusterError) {
        self.node = node
        self.path = path
        self.user = user
        self.password = password
        session = HTTPSession(tls: try node.tls(operation: localized("use \(service)")))
    }

    /// Sends the contents of the envelope's body and returns the response's first element.
    ///
    /// - Throws: `refused` with the fault's text; `loginRefused` on HTTP status 401.
    func call(_ body: String, namespace: String, action: String, operation: LocalizableText) throws(ClusterError)
        -> MarkupElement
    {
        let envelope = """
            <?xml version="1.0" encoding="UTF-8"?>
            <soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="\(namespace)">\
            <soapenv:Header/><soapenv:Body>\(body)</soapenv:Body></soapenv:Envelope>
            """
        let answer = try password.withArray { (bytes) throws(ClusterError) -> HTTPResponse in
            do throws(TransferError) {
                return try session.send(
                    HTTPRequest(
                        .post, "https://\(node.authority(port: node.httpsPort))\(path)",
                        headers: [HTTPHeader("SOAPAction", "\"\(action)\""), HTTPHeader("Accept", "text/xml")],
                        authentication: BasicCredentials(user: user, password: bytes),
                        body: .bytes(Array(envelope.utf8), contentType: "text/xml; charset=utf-8"),
                        timeout: 60, maximumBodySize: 32 << 20))
            } catch {
                throw ClusterError(
                    error, operation: operation, node: node, port: node.httpsPort, expected: node.tlsPin)
            }
        }
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
        let root: MarkupElement
        do throws(MarkupError) {
            root = try XMLDocument.parse(answer.body, maximumSize: 32 << 20)
        } catch {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("HTTP status \(answer.status), and the response is not XML: \(error)"),
                found: answer.text,
                cause: error)
        }
        guard root.name == "Envelope", let content = root.element(named: "Body")?.elements.first else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("the response is not a SOAP envelope"),
                found: answer.text)
        }
        guard content.name != "Fault", answer.status == 200 else {
            let text = content.firstDescendant(named: "faultstring")?.text ?? content.text
            throw ClusterError(
                .refused, operation: operation, node: node.name, message: localized("the server refuses: \(text)"),
                found: text)
        }
        return content
    }
}
