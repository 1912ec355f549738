import Basics
import Dispatch
import Glibc
import Synchronization

/// The lab's background process.
public enum LabDaemon {
    /// Installs the cluster if that has not been done, starts everything, and serves until SIGTERM.
    ///
    /// - Parameters:
    ///   - directory: the lab's directory, which exists.
    ///   - options: the properties of a new lab.
    ///   - readiness: a descriptor that gets `ok` when everything answers, or `error` and a sentence.
    /// - Returns: the exit status.
    public static func serve(directory: String, options: LabOptions, readiness: Int32?) -> Int32 {
        // Before any thread is created: they all inherit this, and the signals go to sigwait below.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
        umask(0o022)
        raiseFileLimit()

        let path = Files.absolute(directory)
        var parts = Parts()
        do {
            guard chdir(path) == 0 else { throw LabError(.fileFailed, "cannot enter \(path)") }
            try LabFolder(path).check()
            guard let lock = try LabFiles.lock(LabFolder.here.lock) else {
                throw LabError(.alreadyRunning, "a lab is running in \(path) already")
            }
            parts.lock = lock
            try start(path: path, options: options, parts: &parts)
            Log.note("the lab is up")
            report("ok", readiness)
        } catch {
            Log.note("the lab did not start: \(error)")
            parts.stop()
            report("error \(error)", readiness)
            return 1
        }
        var number: Int32 = 0
        sigwait(&signals, &number)
        Log.note("the lab is going down (signal \(number))")
        parts.stop()
        Log.note("the lab is down")
        return 0
    }

    /// What has been started, to be stopped in reverse order.
    private struct Parts {
        var lock: FileLock?
        var cluster: LabCluster?
        var web: WebServers?
        var listeners: [Listener] = []

        func stop() {
            for listener in listeners { listener.stop() }
            web?.stop()
            cluster?.crowd.stop()
            cluster?.stop()
            unlink(LabFolder.here.pid)
        }
    }

    private static func start(path: String, options: LabOptions, parts: inout Parts) throws {
        let folder = LabFolder.here
        try LabFiles.write("\(getpid())\n", to: folder.pid, mode: 0o644)
        let isNew = !Files.exists(folder.state)
        if isNew { try prepare(folder, options) }
        for name in Files.names(in: folder.run, hidden: false) { try LabFiles.remove("\(folder.run)/\(name)") }

        let cluster = try LabCluster(plan: try LabPlan.read(folder.plan), folder: folder)
        parts.cluster = cluster
        if isNew { try cluster.install() }
        for node in cluster.nodes where node.plan.tvsPort != nil {
            guard let trust = cluster.trustServers[node.plan.name] else { continue }
            parts.listeners.append(Listener(try Sockets.listen(unix: folder.tvs(node.plan.name))) { trust.serve($0) })
        }
        let control = ControlServer(cluster: cluster, path: path)
        parts.listeners.append(Listener(try Sockets.listen(unix: folder.control)) { control.serve($0) })
        let web = WebServers(cluster: cluster)
        parts.web = web
        try wait { try await web.start() }
        try cluster.start()
        try cluster.crowd.start()
        DispatchQueue.concurrentPerform(iterations: cluster.phones.count) { cluster.phones[$0].startNow() }
        try LabFiles.write(Array(ClusterFile.text(cluster, path: path).utf8), to: folder.clusterFile, mode: 0o600)
    }

    /// Everything that is generated once: the plan, passwords, keys and certificates.
    private static func prepare(_ folder: LabFolder, _ options: LabOptions) throws {
        let snapshot = try options.like.map { try Snapshot.read($0) }
        var plan =
            try snapshot.map {
                try LabPlan.like($0, tftpCache: options.tftpCache ?? false, manners: options.manners ?? $0.manners)
            }
            ?? .make(options)
        plan.durations = options.durations
        if let like = options.like { try LabFiles.write(try LabFiles.read(like), to: folder.snapshot) }
        try LabFiles.write(JSON.encode(plan), to: folder.plan)
        for path in [folder.run, folder.nginx, folder.credentials, folder.trustStore] { try LabFiles.makeFolder(path) }
        for node in plan.nodes { try LabFiles.makeFolder(folder.keys(node.name)) }
        try Accounts.make(folder)
        try ClusterIdentity.make(plan, folder, keys: KeySource(folder: options.keys))
        if let snapshot { try LikeCluster(snapshot, plan, folder).makeCertificates(folder) }
    }

    /// Runs asynchronous work from this thread, which belongs to no pool, and waits for it.
    private static func wait(_ work: @escaping @Sendable () async throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let failure = FailureBox()
        Task {
            do { try await work() } catch { failure.error.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = failure.error.withLock({ $0 }) { throw error }
    }

    private final class FailureBox: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    private static func report(_ text: String, _ descriptor: Int32?) {
        guard let descriptor else { return }
        let bytes = Array((text + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    /// A lab has many connections; the usual soft limit is 1024.
    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 65536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
