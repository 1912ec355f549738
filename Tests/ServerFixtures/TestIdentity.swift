/// A key and a self-signed certificate for a test's server.
public struct TestIdentity: Sendable {
    public let keyFile: String
    public let certificateFile: String
    /// As accepted by `CURLOPT_PINNEDPUBLICKEY`.
    public let pin: String

    /// A pin that no server has.
    public static let wrongPin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    /// Created by the openssl program. `legacy` gives what an old cluster has: RSA 1024, SHA-1.
    public init(in folder: TemporaryFolder, name: String = "server", host: String, legacy: Bool = false) throws {
        keyFile = folder.file("\(name).key")
        certificateFile = folder.file("\(name).pem")
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", legacy ? "rsa:1024" : "rsa:2048", legacy ? "-sha1" : "-sha256",
            "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:\(host)",
            "-keyout", keyFile, "-out", certificateFile,
        ])
        let output = try ChildProcess.run([
            "sh", "-c",
            "openssl x509 -in '\(certificateFile)' -noout -pubkey | openssl pkey -pubin -outform DER"
                + " | openssl dgst -sha256 -binary | openssl base64",
        ])
        pin = "sha256//" + output.filter { !$0.isWhitespace }
    }
}
