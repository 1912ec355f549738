/// How the peer of a TLS connection proves its identity. There is no way to connect without one.
public enum TLSTrust: Sendable, Hashable {
    /// The peer's public key is exactly this one: `sha256//` and the base64 of the SHA-256 of its SubjectPublicKeyInfo,
    /// as `CURLOPT_PINNEDPUBLICKEY` takes it. Names, dates and issuers are ignored: the pin says more than they do.
    /// With a wrong key nothing is sent after the handshake.
    case pinned(publicKey: String)
    /// The peer's certificate is issued by a CA in this PEM file, and names the host. The system's own CAs are not
    /// used.
    case authority(file: String)
}

/// How a TLS connection is set up.
public struct TLSOptions: Sendable, Hashable {
    public var trust: TLSTrust
    /// Allows TLS 1.0 and 1.1, small keys and SHA-1 for this connection only (OpenSSL's security level 0).
    public var legacyTLS: Bool

    public init(trust: TLSTrust, legacyTLS: Bool = false) {
        self.trust = trust
        self.legacyTLS = legacyTLS
    }
}
