import Basics
import Configuration
import Messages
import Transfers
import TrustList
import X509

/// What the Trust Verification Service says about a certificate.
public struct TVSAnswer: Sendable, Hashable {
    /// Whether the service vouches for the certificate at all.
    public var isValid: Bool
    /// What the certificate may be used for; a trust list is signed in the role SAST.
    public var roles: [Role]
    /// Seconds for which a phone remembers the answer.
    public var timeToLive: UInt32?
    /// The certificate, if the service returns it.
    public var certificate: Certificate?

    public init(isValid: Bool, roles: [Role] = [], timeToLive: UInt32? = nil, certificate: Certificate? = nil) {
        self.isValid = isValid
        self.roles = roles
        self.timeToLive = timeToLive
        self.certificate = certificate
    }
}

/// Asks the Trust Verification Service of a node as a phone would (docs/cluster-interfaces.md).
///
/// Each request uses its own connection, as with phones.
public struct TVSClient: Sendable {
    private let node: NodeConfiguration
    private let port: UInt16
    private let tls: TLSOptions
    private let timeout: Double
    private let wire: (any Wire)?

    /// The device name that we use; the service logs it and does not base any decision on it.
    public static let defaultDeviceName = "CP-8861-SEP000000000000"

    /// - Parameter timeout: seconds for each step of a query.
    /// - Throws: `configuration` when the node has no TVS port, or no key is pinned for it.
    public init(
        _ node: NodeConfiguration, timeout: Double = 15, wire: (any Wire)? = nil
    ) throws(ClusterError) {
        self.wire = wire
        let operation = localized("ask the Trust Verification Service")
        guard let port = node.tvsPort else {
            throw ClusterError(
                .configuration, operation: operation, node: node.name,
                message: localized("it is not configured to run that service"))
        }
        guard let pin = node.tvsPin else {
            throw ClusterError(
                .configuration, operation: operation, node: node.name,
                message: localized("the service's TLS key is not known yet")
            )
        }
        self.node = node
        self.port = port
        self.timeout = timeout
        tls = TLSOptions(trust: .pinned(publicKey: pin), legacyTLS: node.legacyTLS)
    }

    /// Asks for the certificate that signed a trust list, by the names and the serial number in the file's header
    /// (QUERY_CERT).
    ///
    /// - Parameters:
    ///   - subject: as the file renders it, for example `cn="SAST-ADN008580ef        ";ou=IPCBU;o="Cisco Systems`.
    ///   - issuer: likewise.
    ///   - serialNumber: big-endian magnitude.
    public func queryCertificate(
        subject: String, issuer: String, serialNumber: [UInt8], deviceName: String = defaultDeviceName
    ) throws(ClusterError) -> TVSAnswer {
        try ask(
            .queryCertificateRequest, expecting: .queryCertificateResponse,
            [
                .init(.deviceName, Self.value(deviceName)), .init(.subjectName, Array(subject.utf8) + [0]),
                .init(.issuerName, Array(issuer.utf8) + [0]), .init(.serialNumber, serialNumber),
            ])
    }

    /// Asks whether a certificate is trusted (VERIFY).
    public func verify(
        _ certificate: Certificate, deviceName: String = defaultDeviceName
    ) throws(ClusterError) -> TVSAnswer {
        try ask(
            .verifyRequest, expecting: .verifyResponse,
            [.init(.deviceName, Self.value(deviceName)), .init(.certificate, certificate.der)])
    }

    private static func value(_ deviceName: String) -> [UInt8] { [1] + Array(deviceName.utf8) }

    private func ask(
        _ command: TVSMessage.Command, expecting answer: TVSMessage.Command, _ elements: [TVSMessage.Element]
    ) throws(ClusterError) -> TVSAnswer {
        let operation = localized("ask the Trust Verification Service")
        let sessionID = UInt32.random(in: 1...UInt32.max)
        let request = TVSMessage(command, sessionID: sessionID, elements: elements).encode()
        guard request.count <= TVSMessage.headerSize + TVSMessage.maximumBodySize else {
            throw ClusterError(
                .configuration, operation: operation, node: node.name, message: localized("the request is too long"))
        }
        let message: TVSMessage
        do {
            let live = { () throws(TransferError) in try exchange(request) }
            message = try TVSMessage(
                decoding: try wire?.message(request, host: node.address, port: port, live) ?? live())
        } catch let error as TransferError {
            throw ClusterError(error, operation: operation, node: node, port: port, expected: node.tvsPin)
        } catch {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("malformed response: \(error)"),
                cause: error)
        }
        guard message.command == answer.rawValue, message.sessionID == sessionID else {
            throw ClusterError(
                .unexpectedAnswer, operation: operation, node: node.name,
                message: localized("the response belongs to a different request"),
                expected: localized("command \(answer.rawValue), session \(sessionID)"),
                found: localized("command \(message.command), session \(message.sessionID)"))
        }
        return try Self.answer(message, operation: operation, node: node.name)
    }

    /// Sends a request, and returns what comes back: one message, or the header of something else.
    private func exchange(_ request: [UInt8]) throws(TransferError) -> [UInt8] {
        let stream = try TLSStream(host: node.address, port: port, tls: tls, timeout: timeout)
        defer { stream.close() }
        try stream.send(request, timeout: timeout)
        let header = try stream.receive(exactly: TVSMessage.headerSize, timeout: timeout)
        guard let size = try? TVSMessage.bodySize(header: header) else { return header }
        return try header + stream.receive(exactly: size, timeout: timeout)
    }

    package static func answer(
        _ message: TVSMessage, operation: LocalizableText, node: String
    ) throws(ClusterError) -> TVSAnswer {
        func malformed(_ text: LocalizableText, cause: (any Error)? = nil) -> ClusterError {
            ClusterError(.unexpectedAnswer, operation: operation, node: node, message: text, cause: cause)
        }
        guard let status = message[.status], status.count == 1, status[0] <= 1 else {
            throw malformed(localized("the response contains no known status"))
        }
        var timeToLive: UInt32?
        if let value = message[.timeToLive] {
            guard value.count == 4 else {
                throw malformed(localized("the time to live is \(value.count) bytes long, not 4"))
            }
            timeToLive = value.bigEndian()
        }
        var certificate: Certificate?
        if let der = message[.certificate] {
            do {
                certificate = try Certificate(der: der)
            } catch {
                throw malformed(localized("it returned something that is not a certificate: \(error)"), cause: error)
            }
        }
        return TVSAnswer(
            isValid: status[0] == 0, roles: (message[.roles] ?? []).map { Role(rawValue: UInt16($0)) },
            timeToLive: timeToLive, certificate: certificate)
    }
}
