import Basics

/// What an entry of a log says, if it is known here.
public enum LogEvent: Sendable, Hashable {
    // A phone's console log and its status messages.

    /// The phone asks for a trust list: `CTLSEP0011223344.tlv`, `ITLFile.tlv`.
    case request(file: String)
    case noTrustList
    /// It asks a TVS server for a certificate that it does not know.
    case asksTVS
    /// The TVS server has answered, and the certificate is trusted now.
    case tvsTrusts
    /// It forgets what TVS servers have told it. That says nothing about a file.
    case flushesTVSCache
    /// The signature of a file is right, and the signer known.
    case verified
    case updated
    /// The first trust lists were installed: the CTL file, the ITL file.
    case installed(ctl: Bool, itl: Bool)
    /// The new file was refused, or could not be fetched: the text says the same for both.
    case updateFailed
    /// The new file was fetched, and refused.
    case verificationFailed
    case erased
    /// The server has no such file.
    case fileNotFound(String)

    // A trace of the Trust Verification Service.

    /// A phone asks for a certificate.
    case query
    case subject(String)
    case issuer(String)
    case serialNumber(String)
    /// The service searches the certificates of the trust stores, or those of the CTL file.
    case looksUp(inCTL: Bool)
    case notFound(inCTL: Bool)
    case found(inCTL: Bool)
    case role(Int)

    /// Nil if the entry contains nothing that matters here.
    public init?(_ entry: LogEntry) {
        let event: LogEvent? =
            switch entry.source {
            case .phone, .status: Self.phone(entry.text)
            case .tvs: Self.trace(entry.text)
            }
        guard let event else { return nil }
        self = event
    }

    private static func phone(_ text: String) -> LogEvent? {
        let lowered = text.lowercased()
        if lowered.contains("trust list verification failed") { return .verificationFailed }
        if ["trust list update failed", "ctl update failed", "itl update failed"].contains(where: lowered.contains) {
            return lowered.contains("verification fail") ? .verificationFailed : .updateFailed
        }
        if lowered.contains("trust list updated") || lowered.contains("tl file updated") { return .updated }
        if lowered.contains("tl file verified successfully") { return .verified }
        if lowered.contains("no trust list installed") || lowered.contains("no ctl installed") { return .noTrustList }
        if lowered.contains("ctl and itl installed") { return .installed(ctl: true, itl: true) }
        if lowered.contains("ctl installed") { return .installed(ctl: true, itl: false) }
        if lowered.contains("itl installed") { return .installed(ctl: false, itl: true) }
        if lowered.contains("erasing"), lowered.contains("ctl") || lowered.contains("itl") { return .erased }
        if lowered.contains("file not found"), let file = trustList(in: text) { return .fileNotFound(file) }
        // By their names these are about the cache of what TVS said before, not about a query.
        if lowered.contains("flushtvscertcache") || lowered.contains("certificate cache flush") {
            return .flushesTVSCache
        }
        if lowered.contains("processing tvs query certificate request") || lowered.contains("sent request to tvs proxy")
        {
            return .asksTVS
        }
        if lowered.contains("tvs added cert to tvs cache") { return .tvsTrusts }
        if lowered.contains("request") || lowered.contains("getxxtp"), let file = trustList(in: text) {
            return .request(file: file)
        }
        return nil
    }

    /// A name that ends in `.tlv`.
    private static func trustList(in text: String) -> String? {
        text.split { $0.isWhitespace || "/<>'\",[]()=".contains($0) }.first { word in
            word.hasSuffix(".tlv") && (word.hasPrefix("CTL") || word.hasPrefix("ITL"))
        }.map(String.init)
    }

    private static func trace(_ text: String) -> LogEvent? {
        func value(after mark: String) -> String? {
            text.firstRange(of: mark).map { text[$0.upperBound...].trimmed }
        }
        let inCTL = text.contains("CertificateCTLCache") || text.contains("CertificateCTLCACHE")
        if text == "tvsHandleQueryCertReq" { return .query }
        if let subject = value(after: "Subject Name is:") { return .subject(subject) }
        if text.contains("SAST Issuer Name") { return nil }
        if let issuer = value(after: "Issuer Name is:") { return .issuer(issuer) }
        if let serial = value(after: "Serial Number is:") { return .serialNumber(serial) }
        if text.contains("Cannot find the certificate in the cache") { return .notFound(inCTL: inCTL) }
        if text.contains("Found entry") { return .found(inCTL: inCTL) }
        if text.contains("Looking up the certificate cache") { return .looksUp(inCTL: inCTL) }
        if let role = value(after: "{role :").flatMap({ Int($0.prefix { $0.isNumber }) }) { return .role(role) }
        return nil
    }
}
