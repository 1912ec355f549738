import Basics

/// The trace that the Trust Verification Service of a node writes. Source: Cisco technote 118893; docs/phone-logs.md.
struct TVSTrace: Sendable {
    private let file: TraceFile

    init(folder: String) { file = TraceFile(folder + "/tvs.log") }

    /// A request, and what the service found.
    func query(
        subject: String, issuer: String, serialNumber: [UInt8], inStore: TVSCache.Entry?, inCTL: TVSCache.Entry?
    ) {
        let serial = serialNumber.hex.uppercased()
        var lines = [
            "tvsHandleQueryCertReq", "tvsHandleQueryCertReq : Subject Name is: \(subject)",
            "tvsHandleQueryCertReq : Issuer Name is: \(issuer)", "tvsHandleQueryCertReq : Serial Number is: \(serial)",
        ]
        lines += lookUp("CertificateDBCache", serial + issuer, inStore)
        if inStore == nil { lines += lookUp("CertificateCTLCache", serial + issuer, inCTL) }
        // Milliseconds are enough here.
        file.write(lines) { _, time, text in "\(time.dropLast(3)) | debug \(text)" }
    }

    private func lookUp(_ cache: String, _ key: String, _ entry: TVSCache.Entry?) -> [String] {
        let name = "\(cache)::getCertificateInformation"
        let first = "\(name) - Looking up the certificate cache using Unique MAP ID : \(key), len : \(key.utf8.count)"
        guard let entry else { return [first, "ERROR:\(name) - Cannot find the certificate in the cache"] }
        return [first, "\(name) - Found entry {rolecount : \(entry.roles.count)}"]
            + entry.roles.map { "\(name) - {role : \($0)}" }
    }
}
