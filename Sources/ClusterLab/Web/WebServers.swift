import FlyingFox
import FlyingSocks
import Synchronization

/// The HTTP servers inside the lab: one behind nginx for all nodes' web pages, one for each phone.
final class WebServers: Sendable {
    private let cluster: LabCluster
    private let sessions: [String: WebSessions]
    private let axlSessions = AXLSessions()
    private let tasks = Mutex<[Task<Void, Never>]>([])

    init(cluster: LabCluster) {
        self.cluster = cluster
        sessions = Dictionary(uniqueKeysWithValues: cluster.plan.nodes.map { ($0.name, WebSessions()) })
    }

    /// Starts the servers and returns when they listen.
    func start() async throws {
        try await start(
            HTTPServer(
                address: .unix(path: cluster.folder.web), timeout: 60, logger: .disabled,
                handler: ClosureHTTPHandler { [self] in
                    try await answerInTime(try await WebRequest($0)).flyingFox
                }), "the web pages")
        for phone in cluster.phones {
            let web = PhoneWeb(
                phone: phone,
                remote: PhoneRemoteControl(phone: phone) { [cluster] user, password in
                    cluster.accepts(.phones, user: user, password: password, at: cluster.publisher)
                })
            let address = phone.plan.address
            let port = cluster.plan.phoneWebPort
            guard Sockets.isFree(.tcp, address, port) else {
                throw LabError(.portTaken, "TCP port \(port) on \(address) is taken")
            }
            try await start(
                HTTPServer(
                    address: .inet(ip4: address, port: port), timeout: 30, logger: .disabled,
                    handler: handler { web.answer($0) }), phone.plan.name)
        }
    }

    func stop() { tasks.withLock { tasks in for task in tasks { task.cancel() } } }

    private func start(_ server: HTTPServer, _ name: String) async throws {
        let task = Task {
            do { try await server.run() } catch {
                if !Task.isCancelled { Log.note("\(name): the web server ended: \(error)") }
            }
        }
        tasks.withLock { $0.append(task) }
        do { try await server.waitUntilListening(timeout: 15) } catch {
            throw LabError(.startFailed, "the web server of \(name) did not start")
        }
    }

    private func handler(_ answer: @escaping @Sendable (WebRequest) -> WebResponse) -> ClosureHTTPHandler {
        ClosureHTTPHandler { request in answer(try await WebRequest(request)).flyingFox }
    }

    /// The effect of a node's faults on a response: no change happened later than without them, only the response is
    /// late or lost.
    private func answerInTime(_ request: WebRequest) async throws -> WebResponse {
        let node = request.header("X-Lab-Node").flatMap(cluster.node)
        if let node, node.delay > 0 { try await Task.sleep(for: .seconds(node.delay)) }
        if let seconds = cluster.plan.durations?.order, PhoneOrders.isOrder(request) {
            cluster.busy.begin()
            defer { cluster.busy.end() }
            try await Task.sleep(until: cluster.orders.end(of: seconds), clock: .continuous)
        }
        let response = answer(request)
        guard let node, node.has(.cutAnswer), Self.isUpload(request) else { return response }
        return .status(NginxServer.cutStatus)
    }

    private static func isUpload(_ request: WebRequest) -> Bool {
        request.method == "POST" && NginxServer.uploads.contains { request.path.hasPrefix($0) }
    }

    /// nginx passes the node in a header of its own, which a client cannot set.
    private func answer(_ request: WebRequest) -> WebResponse {
        guard let name = request.header("X-Lab-Node"), let node = cluster.node(name), let sessions = sessions[name]
        else {
            return .status(404)
        }
        if request.path == "/cmplatform" || request.path.hasPrefix("/cmplatform/") {
            return OSAdministration(cluster: cluster, node: node, sessions: sessions).answer(request)
        }
        if cluster.plan.release.hasCertificateREST, request.path.hasPrefix(CertificateREST.root + "/") {
            return CertificateREST(cluster: cluster, node: node).answer(request)
        }
        guard node.plan.isPublisher else { return .status(404) }
        switch request.path {
        case "/axl", "/axl/": return AXLInterface(cluster: cluster, sessions: axlSessions).answer(request)
        case cluster.plan.release.risPath where !node.has(.noRIS): return RISInterface(cluster: cluster).answer(request)
        default: return .status(404)
        }
    }
}
