import Basics
import Configuration
import FoundationEssentials
import Messages
import Secrets
import Transfers
import X509

/// The certificate management REST interface of a node, from 14 on (Cisco's "Certificate Management APIs";
/// docs/cluster-interfaces.md says what is *unconfirmed*).
///
/// Each request carries the user name and password (HTTP Basic), over TLS with the pinned key.
public final class CertificateREST: Sendable {
    let node: NodeConfiguration
    private let user: String
    private let password: Secret
    private let session: HTTPSession

    private static let base = "/platformcom/api/v1/certmgr/config"
    private static let contentType = "application/json"

    /// - Throws: `configuration` if no TLS key is pinned for the node.
    public init(_ node: NodeConfiguration, user: String, password: Secret, wire: (any Wire)? = nil) throws(ClusterError)
    {
        self.node = node
        self.user = user
        self.password = password
        session = HTTPSession(tls: try node.tls(operation: localized("use the certificate interface")), wire: wire)
    }

    private struct Entry: Decodable {
        let service: String?
        let name: String?
        let certificate: String?
    }

    private struct Upload: Encodable {
        let service: [String]
        let certificates: [String]
        let description: String
    }

    /// A list comes as an array of entries, or inside an object.
    private struct List: Decodable { let certificates: [Entry] }

    private struct Message: Decodable {
        let message: String?
        let messages: [String]?

        var text: String? { message ?? messages?.joined(separator: " ") }
    }

    /// The certificates of a trust store.
    ///
    /// - Throws: ``ClusterError``: `not-supported` if the release has no such interface, `refused` if it does not
    ///   accept this store.
    public func trustCertificates(of store: String) throws(ClusterError) -> [TrustedCertificate] {
        try bySpelling(of: store) { (service) throws(ClusterError) in
            try certificates(
                "/trust/certificate?service=\(Percent.encode(service))", store,
                operation: localized("list the certificates of \(store)"))
        }
    }

    /// Uploads a certificate to a trust store. It is not an error if it is already there.
    public func uploadTrustCertificate(
        _ certificate: Certificate, to store: String, description: String = ""
    ) throws(ClusterError) {
        let operation = localized("upload a certificate as \(store)")
        try bySpelling(of: store) { (service) throws(ClusterError) in
            let upload = Upload(service: [service], certificates: [certificate.pem], description: description)
            guard let body = try? JSONEncoder().encode(upload) else {
                throw ClusterError(
                    .configuration, operation: operation, node: node.name,
                    message: localized("it cannot be encoded as JSON"))
            }
            _ = try send(.post, "/trust/certificates", body: Array(body), operation: operation)
        }
    }

    /// Deletes a certificate from its trust store. *Unconfirmed*: how the interface expects the name.
    public func deleteTrustCertificate(_ certificate: TrustedCertificate) throws(ClusterError) {
        let operation = localized("delete \(certificate.name) from \(certificate.store)")
        guard !certificate.name.isEmpty else {
            throw ClusterError(
                .notSupported, operation: localized("delete a certificate from \(certificate.store)"), node: node.name,
                message: localized("its list does not name the files"))
        }
        try bySpelling(of: certificate.store) { (service) throws(ClusterError) in
            _ = try send(
                .delete,
                "/trust/certificates?service=\(Percent.encode(service))&name=\(Percent.encode(certificate.name))",
                operation: operation)
        }
    }

    /// Does something with a store as it is spelled; if the interface refuses it, without `-trust`, as public examples
    /// have it.
    private func bySpelling<Value>(
        of store: String, _ body: (String) throws(ClusterError) -> Value
    ) throws(ClusterError) -> Value {
        do throws(ClusterError) { return try body(store) } catch {
            guard error.code == .refused || error.code == .notFound, store.hasSuffix("-trust") else { throw error }
            do throws(ClusterError) { return try body(String(store.dropLast(6))) } catch _ { throw error }
        }
    }

    private func certificates(
        _ path: String, _ store: String, operation: LocalizableText
    ) throws(ClusterError) -> [TrustedCertificate] {
        let answer = try send(.get, path, operation: operation)
        guard let certificates = Self.list(answer.body, of: store) else { throw misunderstood(answer, operation) }
        return certificates
    }

    /// Nil if the body is not a list of certificates.
    package static func list(_ body: [UInt8], of store: String) -> [TrustedCertificate]? {
        let body = Data(body)
        guard
            let entries = (try? JSONDecoder().decode([Entry].self, from: body))
                ?? (try? JSONDecoder().decode(List.self, from: body))?.certificates
        else { return nil }
        var certificates: [TrustedCertificate] = []
        for entry in entries {
            guard let pem = entry.certificate, let certificate = try? Certificate(pem: pem) else { return nil }
            certificates.append(TrustedCertificate(store: store, name: entry.name ?? "", certificate: certificate))
        }
        return certificates
    }

    private func misunderstood(_ answer: HTTPResponse, _ operation: LocalizableText) -> ClusterError {
        ClusterError(
            .unexpectedAnswer, operation: operation, node: node.name,
            message: localized("the response is not a list of certificates"),
            found: answer.text)
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, body: [UInt8]? = nil, operation: LocalizableText
    ) throws(ClusterError) -> HTTPResponse {
        let url = "https://\(node.authority(port: node.httpsPort))\(Self.base)\(path)"
        let answer = try password.withArray { (bytes) throws(ClusterError) -> HTTPResponse in
            do throws(TransferError) {
                return try session.send(
                    HTTPRequest(
                        method, url, headers: [HTTPHeader("Accept", Self.contentType)],
                        authentication: BasicCredentials(user: user, password: bytes),
                        body: body.map { .bytes($0, contentType: Self.contentType) } ?? .none, timeout: 60))
            } catch {
                throw ClusterError(
                    error, operation: operation, node: node, port: node.httpsPort, expected: node.tlsPin)
            }
        }
        let said = (try? JSONDecoder().decode(Message.self, from: Data(answer.body)))?.text
        switch answer.status {
        case 200..<300: return answer
        case 401, 403:
            throw ClusterError(
                .loginRefused, operation: operation, node: node.name,
                message: localized("the user name or password of \(user) was refused"),
                found: localized("HTTP status \(answer.status)"), account: .platform)
        case 404 where said == nil, 405, 501:
            throw ClusterError(
                .notSupported, operation: operation, node: node.name,
                message: localized(
                    "it has no certificate REST interface (HTTP status \(answer.status)), which was introduced in 14")
            )
        case 404:
            throw ClusterError(
                .notFound, operation: operation, node: node.name,
                message: said.map { .verbatim($0) } ?? localized("not found"))
        default:
            throw ClusterError(
                .refused, operation: operation, node: node.name,
                message: said.map { .verbatim($0) } ?? localized("HTTP status \(answer.status)"), found: answer.text)
        }
    }
}
