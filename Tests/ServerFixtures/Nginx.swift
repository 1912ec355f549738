/// nginx with one TLS server on its own address.
public final class Nginx: Sendable {
    public let address: String
    public let port: UInt16
    public let identity: TestIdentity
    private let folder = TemporaryFolder()
    private let process: ChildProcess

    public var url: String { "https://\(address):\(port)" }

    /// - Parameters:
    ///   - legacy: only TLS 1.0 with AES256-SHA, and a 1024-bit key.
    ///   - body: what goes into the `server` block. By default every page is `hello`.
    public init(legacy: Bool = false, body: String = "location / { return 200 hello; }") throws {
        address = Loopback.address()
        port = try Loopback.port(on: address)
        identity = try TestIdentity(in: folder, host: address, legacy: legacy)
        let tls =
            legacy
            ? "ssl_protocols TLSv1; ssl_ciphers AES256-SHA:@SECLEVEL=0;" : "ssl_protocols TLSv1.2 TLSv1.3;"
        folder.write(
            "nginx.conf",
            """
            daemon off; master_process off; pid \(folder.path)/pid; error_log \(folder.path)/error.log;
            events {}
            http {
              access_log \(folder.path)/access.log;
              client_body_temp_path \(folder.path)/b; proxy_temp_path \(folder.path)/p;
              fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
              server {
                listen \(address):\(port) ssl; \(tls)
                ssl_certificate \(identity.certificateFile); ssl_certificate_key \(identity.keyFile);
                \(body)
              }
            }
            """)
        process = try ChildProcess(
            ["nginx", "-e", folder.file("error.log"), "-c", folder.file("nginx.conf")], output: folder.file("output"))
        do {
            try Loopback.waitForListener(address, port)
        } catch {
            throw ChildProcess.Failure(description: "nginx: \(folder.text("output"))\(folder.text("error.log"))")
        }
    }

    /// A line for each request that it received.
    public var accessLog: String { folder.text("access.log") }
}
