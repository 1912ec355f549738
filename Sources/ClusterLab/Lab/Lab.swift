import Basics
import CLinux
import Glibc
import TrustList

/// A lab as seen from outside by its user: a directory in which a cluster runs or does not.
public struct Lab: Sendable {
    /// The absolute path.
    public let directory: String

    private var folder: LabFolder { LabFolder(directory) }

    public init(directory: String) { self.directory = Files.absolute(directory) }

    /// How long everything may take to come up, in seconds.
    private static let patience: Int32 = 30

    public var isRunning: Bool { FileLock.isHeld(folder.lock) }

    /// Starts the lab in the background and returns when everything answers. If it cannot start, nothing is left
    /// running.
    ///
    /// - Parameters:
    ///   - options: the properties of a new lab; an existing one must already have them.
    ///   - executable: the program that has the `serve` command.
    /// - Throws: ``LabError``.
    public func up(_ options: LabOptions = LabOptions(), executable: String) throws {
        if let problem = options.problem { throw LabError(.badRequest, problem) }
        try Programs.check()
        if let like = options.like { _ = try Snapshot.read(like) }
        try checkDirectory(options)
        try folder.check()
        let (reading, writing) = try Self.pipe()
        defer { close(reading) }
        let daemon: Subprocess
        do {
            defer { close(writing) }
            daemon = try spawn(
                executable, ["serve", directory, "--ready", "3"] + options.arguments, readiness: writing)
        }
        let answer = Self.readLine(reading, seconds: Self.patience)
        guard answer != "ok" else { return }
        kill(daemon.id, SIGTERM)
        var status: Int32 = 0
        if !wait(seconds: 10, until: { waitpid(daemon.id, &status, WNOHANG) != 0 }) {
            kill(daemon.id, SIGKILL)
            waitpid(daemon.id, &status, 0)
        }
        guard let answer, answer.hasPrefix("error ") else {
            throw LabError(.startFailed, "the lab did not start within \(Self.patience) seconds; see \(folder.log)")
        }
        throw LabError(.startFailed, "the lab did not start: \(answer.dropFirst(6))")
    }

    /// Stops the lab and returns when nothing of it is running any more.
    ///
    /// - Returns: false if it was not running.
    /// - Throws: ``LabError``.
    @discardableResult
    public func down() throws(LabError) -> Bool {
        try checkIsLab()
        guard isRunning else { return false }
        let pid = try process()
        kill(pid, SIGTERM)
        if !wait(seconds: 15, until: { !isRunning }) {
            // The kernel signals its children when it exits; nginx removes its file when it is done.
            kill(pid, SIGKILL)
            guard wait(seconds: 5, until: { !isRunning && !Files.exists(folder.nginx + "/nginx.pid") }) else {
                throw LabError(.startFailed, "process \(pid) does not end")
            }
        }
        return true
    }

    /// The lab's state; of a stopped lab, only that.
    ///
    /// - Throws: ``LabError``.
    public func status() throws(LabError) -> LabStatus {
        try checkIsLab()
        guard isRunning else {
            return LabStatus(
                schema: "cluster-lab-status/1", running: false, directory: directory, process: nil, version: nil,
                securityMode: nil, trustStore: [], nodes: [], phones: [], crowd: [], restarting: 0, unserved: 0,
                losses: 0, busySeconds: 0)
        }
        guard let status = try ask(ControlRequest(command: .status)).status else {
            throw LabError(.badRequest, "the lab gives no status")
        }
        return status
    }

    /// The same as a JSON document.
    public func statusJSON() throws(LabError) -> String { String(decoding: JSON.encode(try status()), as: UTF8.self) }

    /// Replaces the faults of a node; an empty list repairs it.
    ///
    /// - Parameters:
    ///   - delay: how late a slow node answers, in seconds; by default two.
    ///   - files: paths of what someone serves in the node's place: trust lists, by the names in their headers, or
    ///     anything else that is called `CTLFile.tlv` or `ITLFile.tlv` itself.
    /// - Throws: ``LabError``.
    public func setFaults(
        _ faults: [Fault], node: String, delay: Double? = nil, spoofing files: [String] = []
    ) throws(LabError) {
        try checkIsRunning()
        var spoofed: [String: String] = [:]
        for path in files {
            let bytes = try LabFiles.read(path)
            let own = path.split(separator: "/").last.map(String.init) ?? ""
            let name = (try? TrustListFile(decoding: bytes))?.header.fileName ?? own
            guard ["CTLFile.tlv", "ITLFile.tlv"].contains(name) else {
                throw LabError(
                    .badRequest, "\(path) is no trust list, and is not called CTLFile.tlv or ITLFile.tlv either")
            }
            spoofed[name] = base64(bytes)
        }
        _ = try ask(
            ControlRequest(command: .fault, node: node, faults: faults, delay: delay, spoofed: spoofed))
    }

    /// Every phone, one by one.
    ///
    /// - Throws: ``LabError``.
    public func phones() throws(LabError) -> [LabPhone] {
        try checkIsRunning()
        return try ask(ControlRequest(command: .phones)).phones ?? []
    }

    /// Restarts all phones, and returns at once.
    ///
    /// - Parameter everyone: including those that are not connected, as if someone had plugged them in.
    /// - Throws: ``LabError``.
    public func restartPhones(everyone: Bool) throws(LabError) {
        try checkIsRunning()
        _ = try ask(ControlRequest(command: .restart, everyPhone: everyone))
    }

    /// Removes a lab that is down, with all its contents.
    ///
    /// - Throws: ``LabError``.
    public func remove() throws(LabError) {
        try checkIsLab()
        guard !isRunning else { throw LabError(.alreadyRunning, "the lab in \(directory) is running") }
        try LabFiles.removeTree(directory)
    }

    private func checkIsRunning() throws(LabError) {
        try checkIsLab()
        guard isRunning else { throw LabError(.notRunning, "the lab in \(directory) is not running") }
    }

    // MARK: Checks

    private func checkDirectory(_ options: LabOptions) throws {
        guard Files.exists(directory) else { return try LabFiles.makeFolder(directory) }
        guard Files.exists(folder.plan) else {
            guard Files.names(in: directory, hidden: false).allSatisfy({ ["lab.log", "lab.lock"].contains($0) }) else {
                throw LabError(.directoryNotEmpty, "\(directory) is not empty and not a lab; choose another directory")
            }
            return
        }
        guard !isRunning else { throw LabError(.alreadyRunning, "a lab is running in \(directory) already") }
        if let like = options.like, Files.exists(folder.state) {
            guard (try? LabFiles.read(folder.snapshot)) == (try LabFiles.read(like)) else {
                throw LabError(.badRequest, "the lab in \(directory) was not modelled on \(like)")
            }
        }
        guard Files.exists(folder.state) else { return }
        let plan = try LabPlan.read(folder.plan)
        if let difference = options.difference(from: plan) {
            throw LabError(.badRequest, "the lab in \(directory) is \(difference)")
        }
    }

    private func checkIsLab() throws(LabError) {
        guard Files.exists(folder.plan) else { throw LabError(.notALab, "there is no lab in \(directory)") }
        try folder.checkOwner()
    }

    /// The process that runs the lab: the one that answers on the control socket. A number in a file proves nothing: if
    /// nothing answers, the process must be the user's own, and have the lab's lock open.
    private func process() throws(LabError) -> Int32 {
        if let connection = connect() {
            defer { close(connection) }
            var (process, user): (Int32, UInt32) = (0, 0)
            if etb_peer(connection, &process, &user) == 0, process > 1, user == geteuid() { return process }
        }
        var status = stat()
        guard let pid = Int32(try LabFiles.text(folder.pid).filter(\.isNumber)), pid > 1,
            stat("/proc/\(pid)", &status) == 0, status.st_uid == geteuid(),
            Files.names(in: "/proc/\(pid)/fd").contains(where: { Self.isSame("/proc/\(pid)/fd/\($0)", folder.lock) })
        else {
            throw LabError(
                .notALab,
                "\(folder.pid) does not name the process that runs the lab in \(directory); nothing was stopped")
        }
        return pid
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }

    // MARK: The running lab

    private func ask(_ request: ControlRequest) throws(LabError) -> ControlResponse {
        guard let connection = connect() else {
            throw LabError(.notRunning, "the lab in \(directory) does not answer; see \(folder.log)")
        }
        defer { close(connection) }
        Sockets.setTimeout(connection, seconds: 30)
        Sockets.send(connection, JSON.encode(request))
        shutdown(connection, Int32(SHUT_WR))
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        guard let response = try? JSON.decode(ControlResponse.self, from: bytes) else {
            throw LabError(.notRunning, "the lab in \(directory) does not answer; see \(folder.log)")
        }
        if let error = response.error { throw LabError(.badRequest, error) }
        return response
    }

    /// A UNIX socket's path must be short; the path through the open directory always is.
    private func connect() -> Int32? {
        let handle = etb_open_folder(folder.run)
        guard handle >= 0 else { return nil }
        defer { close(handle) }
        return Sockets.connect(unix: "/proc/self/fd/\(handle)/control.sock")
    }

    // MARK: The daemon's process

    private func spawn(_ executable: String, _ arguments: [String], readiness: Int32) throws(LabError) -> Subprocess {
        do {
            return try Subprocess(
                [executable] + arguments, input: .null, output: .file(folder.log), errors: nil, third: readiness,
                isDetached: true)
        } catch {
            throw LabError(.startFailed, "cannot start \(executable): \(error)")
        }
    }

    private static func pipe() throws(LabError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard etb_pipe(&ends) == 0 else { throw LabError(.startFailed, "no more pipes") }
        return (ends[0], ends[1])
    }

    /// The first line that arrives; nil if none arrives in time.
    private static func readLine(_ descriptor: Int32, seconds: Int32) -> String? {
        var bytes: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(Int(seconds))
        while ContinuousClock.now < deadline {
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, 500) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
            if let end = bytes.firstIndex(of: 0x0a) { return String(decoding: bytes[..<end], as: UTF8.self) }
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
