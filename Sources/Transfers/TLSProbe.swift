import CCurl
import Messages

/// Reads a TLS server's certificate on first contact, when nothing is known about it yet.
///
/// Nothing is sent after the handshake, and the connection is closed at once. What is found proves nothing: it must be
/// shown to someone who can compare it, and then pinned.
public enum TLSProbe {
    /// Connects and takes the certificate that the server presents.
    ///
    /// - Parameters:
    ///   - legacyTLS: allows TLS 1.0 and 1.1, small keys and SHA-1 for this connection.
    ///   - timeout: seconds for connection and handshake.
    /// - Returns: the certificate as PEM.
    /// - Throws: `unreachable`, `timedOut`, `handshakeFailed`.
    public static func certificate(
        host: String, port: UInt16, legacyTLS: Bool = false, timeout: Double = 15
    ) throws(TransferError) -> String {
        let operation = localized("TLS connect")
        let handle = CurlHandle()
        let location = try handle.prepareConnection(to: host, port: port, timeout: timeout, operation: operation)
        handle.set(CURLOPT_CERTINFO, true)
        handle.set(CURLOPT_SSL_VERIFYPEER, false)
        handle.set(CURLOPT_SSL_VERIFYHOST, 0)
        try handle.applyVersion(legacyTLS: legacyTLS, operation: operation, location: location)
        try handle.perform(operation: operation, location: location, into: Receiver(limit: 0))
        guard let text = etb_curl_peer_certificate(handle.pointer) else {
            throw TransferError(
                code: .protocolError, operation: operation, location: location,
                message: localized("the server presents no certificate"))
        }
        return String(cString: text)
    }
}
