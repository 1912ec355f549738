import Basics
import Glibc
import Synchronization

/// A running node: its TFTP server, its SSH server, its services' states, its faults.
final class NodeRuntime: Sendable {
    struct ServiceState: Sendable {
        var isStarted: Bool
        /// Starting up.
        var isStarting = false
        /// Seconds since 1970.
        var since: Int64
    }

    private struct State {
        var tftpServer: ChildProcess?
        var shell: Listener?
        var services: [Service: ServiceState]
        var faults: Set<Fault>
        var delay: Double
    }

    let plan: LabPlan.Node
    let files: TFTPFolder
    private let folder: LabFolder
    private let state: Mutex<State>
    /// Starting and stopping takes time and happens one at a time.
    private let transition = Mutex(())

    init(plan: LabPlan.Node, folder: LabFolder, tftpCache: Bool, faults: Set<Fault>, delay: Double) throws(LabError) {
        self.plan = plan
        self.folder = folder
        files = try TFTPFolder(
            path: folder.tftp(plan.name), cache: tftpCache ? folder.tftpCache(plan.name) : nil)
        var services: [Service: ServiceState] = [:]
        for service in Service.allCases where service.runs(on: plan) {
            services[service] = ServiceState(isStarted: true, since: Clock.now)
        }
        state = Mutex(State(services: services, faults: faults, delay: delay))
    }

    var faults: Set<Fault> { state.withLock { $0.faults } }
    var isUp: Bool { !faults.contains(.down) }

    func has(_ fault: Fault) -> Bool { faults.contains(fault) }

    func setFaults(_ faults: Set<Fault>, delay: Double) {
        state.withLock { state in
            state.faults = faults
            state.delay = delay
        }
    }

    /// How late a response is, in seconds; zero unless the node is slow.
    var delay: Double { has(.slow) ? faultDelay : 0 }

    /// How long something delayed by a fault takes, in seconds.
    var faultDelay: Double { state.withLock { $0.delay } }

    func services() -> [(service: Service, state: ServiceState)] {
        let states = state.withLock { $0.services }
        return Service.allCases.compactMap { service in states[service].map { (service, $0) } }
    }

    func isStarted(_ service: Service) -> Bool { state.withLock { $0.services[service]?.isStarted ?? false } }

    /// Whether files are served: over TFTP, and over HTTP 6970 too, which is the same service.
    var servesFiles: Bool { isUp && isStarted(.tftp) }

    /// Whether phones can register with it.
    var acceptsPhones: Bool { isUp && isStarted(.callManager) }

    /// Starts the services of a node that is up. `shell` gets each SSH connection.
    func start(shell: @escaping @Sendable (Int32) -> Void) throws(LabError) {
        try transition.withLock { (_) throws(LabError) in
            if isStarted(.tftp) { try startTFTP() }
            let listener = Listener(try Sockets.listen(plan.address, plan.sshPort), handler: shell)
            state.withLock { $0.shell = listener }
        }
    }

    func stop() {
        transition.withLock { _ in
            let (server, shell) = state.withLock { state in
                defer {
                    state.tftpServer = nil
                    state.shell = nil
                }
                return (state.tftpServer, state.shell)
            }
            shell?.stop()
            server?.stop()
        }
    }

    /// Starts or stops a service. Cisco Tftp is a real server program that is started or stopped.
    func set(_ service: Service, started: Bool) throws(LabError) {
        try transition.withLock { (_) throws(LabError) in
            if service == .tftp {
                let server = state.withLock { state in
                    defer { state.tftpServer = nil }
                    return state.tftpServer
                }
                server?.stop()
                if started, isUp { try startTFTP() }
            }
            state.withLock { $0.services[service] = ServiceState(isStarted: started, since: Clock.now) }
        }
    }

    /// From now on a stopped service counts as starting.
    func setStarting(_ service: Service) {
        state.withLock { $0.services[service] = ServiceState(isStarted: false, isStarting: true, since: Clock.now) }
    }

    /// The process id of the TFTP server, while it runs.
    var tftpProcess: Int32? { state.withLock { state in state.tftpServer.flatMap { $0.isRunning ? $0.pid : nil } } }

    private func startTFTP() throws(LabError) {
        // A server that is shutting down may still hold the port.
        guard wait(seconds: 10, until: { Sockets.isFree(.udp, plan.address, plan.tftpPort) }) else {
            throw LabError(.portTaken, "UDP port \(plan.tftpPort) on \(plan.address) is taken")
        }
        var arguments = [
            "--daemon", "--no-fork", "--port", "\(plan.tftpPort)", "--bind-address", plan.address, "--logfile", "-",
            "--maxthread", "200", "--no-multicast",
        ]
        // As root, atftpd would switch to nobody, who may not read the lab's folder.
        if geteuid() == 0 { arguments += ["--user", "root", "--group", "root"] }
        try files.fillCache()
        let root = Files.absolute(files.served)
        let server = try ChildProcess(
            try Programs.path("atftpd"), arguments + [root], log: folder.node(plan.name) + "/tftp.log",
            deathSignal: "KILL", withoutCapabilities: true)
        let isThere = wait(seconds: 15) {
            !server.isRunning || Sockets.isBound(udp: plan.tftpPort, on: plan.address)
        }
        guard isThere, server.isRunning else {
            server.stop()
            throw LabError(
                .startFailed, "the TFTP server of \(plan.name) did not start; see \(folder.node(plan.name))/tftp.log")
        }
        state.withLock { $0.tftpServer = server }
    }
}
