import Basics
import Glibc
import Synchronization

/// The nginx in front of everything: TLS, the web pages, HTTP 6970, and TVS.
final class NginxServer: Sendable {
    /// What should be reachable now.
    struct Front: Sendable {
        var node: LabPlan.Node
        var web: Bool
        var files: Bool
        var tvs: Bool
        /// What HTTP 6970 serves.
        var root: String
        /// The connection is cut when something is uploaded.
        var cutsUploads: Bool
        /// The web pages have a key that nobody knows.
        var hasOtherKey: Bool
    }

    /// Where uploads go.
    static let uploads = [
        "/cmplatform/tftpFileUpload.do", "/cmplatform/certificateUpload.do",
        CertificateREST.root + "/trust/certificates",
    ]
    /// The status by which the lab requests that the connection be cut without a response.
    static let cutStatus = 598

    private let folder: LabFolder
    private let release: LabRelease
    private let process = Mutex<ChildProcess?>(nil)

    init(folder: LabFolder, release: LabRelease) {
        self.folder = folder
        self.release = release
    }

    /// Starts nginx, or reloads its configuration, and waits until it is in effect.
    func apply(_ fronts: [Front]) throws(LabError) {
        try process.withLock { (process) throws(LabError) in
            let configuration = configuration(fronts)
            try LabFiles.write(configuration, to: folder.path + "/nginx.conf", mode: 0o600)
            var old: Set<pid_t> = []
            if let process, process.isRunning {
                old = Self.children(of: process.pid)
                process.signal(SIGHUP)
            } else {
                process = try ChildProcess(
                    try Programs.path("nginx"),
                    ["-p", Files.absolute(folder.path), "-e", "nginx/error.log", "-c", "nginx.conf"],
                    log: folder.nginx + "/output.log", deathSignal: "TERM")
            }
            let isDone = wait(seconds: 15) {
                if let process, !process.isRunning { return true }
                guard old.allSatisfy(Self.hasRetired) else { return false }
                return fronts.allSatisfy { front in
                    Self.ports(front).allSatisfy { Sockets.answers(front.node.address, $0.port) == $0.isOpen }
                }
            }
            guard isDone, let server = process, server.isRunning else {
                process?.stop()
                process = nil
                throw LabError(.startFailed, "nginx did not start; see \(folder.nginx)/error.log")
            }
        }
    }

    private static func children(of process: pid_t) -> Set<pid_t> {
        let text = (try? LabFiles.text("/proc/\(process)/task/\(process)/children")) ?? ""
        return Set(text.split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) })
    }

    /// Whether a worker accepts no more connections: for a moment both the old and the new one do. nginx shows this in
    /// the process name.
    private static func hasRetired(_ worker: pid_t) -> Bool {
        guard let name = try? LabFiles.text("/proc/\(worker)/cmdline"), !name.isEmpty else { return true }
        return name.contains("shutting down")
    }

    func stop() {
        process.withLock { process in
            process?.stop()
            process = nil
        }
    }

    private static func ports(_ front: Front) -> [(port: UInt16, isOpen: Bool)] {
        var ports = [(front.node.httpsPort, front.web), (front.node.httpPort, front.files)]
        if let port = front.node.tvsPort { ports.append((port, front.tvs)) }
        return ports
    }

    private func configuration(_ fronts: [Front]) -> String {
        """
        daemon off;
        master_process on;
        worker_processes 1;
        worker_shutdown_timeout 1s;
        pid nginx/nginx.pid;
        error_log nginx/error.log warn;
        load_module \(Programs.streamModule);
        \(geteuid() == 0 ? "user root root;" : "")
        events { worker_connections 1024; }
        http {
            access_log nginx/access.log;
            default_type application/octet-stream;
            client_body_temp_path nginx/tmp-body;
            proxy_temp_path nginx/tmp-proxy;
            fastcgi_temp_path nginx/tmp-fastcgi;
            uwsgi_temp_path nginx/tmp-uwsgi;
            scgi_temp_path nginx/tmp-scgi;
            server_tokens off;
            keepalive_timeout 20s;
            client_max_body_size 12m;
            # Everything in one piece to the lab: the body before the request.
            proxy_request_buffering on;
        \(fronts.map(webServer).joined())\(fronts.map(fileServer).joined())
        }
        stream {
        \(fronts.map(trustServer).joined())
        }

        """
    }

    private func webServer(_ front: Front) -> String {
        guard front.web else { return "" }
        let node = front.node
        let key = front.hasOtherKey ? "tomcat-other" : "tomcat"
        let proxy = """
            proxy_pass http://unix:run/web.sock:;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Lab-Node \(node.name);
            proxy_redirect off;
            proxy_read_timeout 60s;
            proxy_intercept_errors on;
            error_page \(Self.cutStatus) @cut;
            """
        let cuts =
            front.cutsUploads
            ? Self.uploads.map { "location = \($0) { if ($request_method = POST) { return 444; } \(proxy) }" }.joined()
            : ""
        return """
                server {
                    listen \(node.address):\(node.httpsPort) ssl;
                    ssl_certificate nodes/\(node.name)/keys/\(key).pem;
                    ssl_certificate_key nodes/\(node.name)/keys/\(key).key;
                    ssl_protocols \(release.webProtocols);
                    ssl_ciphers \(release.webCiphers);
                    location @cut { return 444; }
                    \(cuts)
                    location / { \(proxy) }
                }

            """
    }

    private func fileServer(_ front: Front) -> String {
        guard front.files else { return "" }
        let node = front.node
        return """
                server {
                    listen \(node.address):\(node.httpPort);
                    access_log nginx/\(node.name)-6970.log;
                    root \(front.root);
                    location / { limit_except GET { deny all; } }
                }

            """
    }

    private func trustServer(_ front: Front) -> String {
        guard front.tvs, let port = front.node.tvsPort else { return "" }
        return """
                server {
                    listen \(front.node.address):\(port) ssl;
                    ssl_certificate nodes/\(front.node.name)/keys/TVS.pem;
                    ssl_certificate_key nodes/\(front.node.name)/keys/TVS.key;
                    ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
                    ssl_ciphers DEFAULT:@SECLEVEL=0;
                    proxy_pass unix:run/tvs-\(front.node.name).sock;
                    proxy_timeout 60s;
                }

            """
    }
}
