import Basics
import Dispatch
import Synchronization
import TrustList
import X509

/// The cluster: its nodes, certificates, trust store, mode and phones, and what can be done to them. Every interface
/// (command line, web pages, AXL) acts through this.
final class LabCluster: Sendable {
    /// What survives a stop.
    private struct Saved: Codable {
        var securityMode = 1
        var faults: [String: Set<Fault>] = [:]
        var delays: [String: Double] = [:]
        /// The security mode that the database of a node still has if it does not follow the publisher's.
        var staleModes: [String: Int] = [:]
    }

    let plan: LabPlan
    let folder: LabFolder
    /// The current certificates of all nodes.
    var identity: ClusterIdentity { certificates.withLock { $0 } }
    let accounts: Accounts
    let trustStore: TrustStore
    let nodes: [NodeRuntime]
    let phones: [Phone]
    let phoneTables: PhoneTables
    /// The other phones.
    let crowd: PhoneCrowd
    /// The Trust Verification Services by node name.
    let trustServers: [String: TVSServer]

    /// Runs while services and phones start.
    let busy = BusyClock()
    let orders = PhoneOrders()
    /// How often a phone with a page lost its last server.
    private let losses = Atomic(0)
    private let throttle = Throttle()
    /// Number of the latest change that nginx has to show, and of the one that it shows.
    private let frontWanted = Atomic(0)
    private let frontShown = Mutex(0)
    private let saved: Mutex<Saved>
    private let certificates: Mutex<ClusterIdentity>
    private let nginx: NginxServer

    init(plan: LabPlan, folder: LabFolder) throws {
        self.plan = plan
        self.folder = folder
        let identity = try ClusterIdentity.load(plan, folder)
        certificates = Mutex(identity)
        accounts = try Accounts(folder)
        trustStore = try TrustStore(folder: folder.trustStore)
        nginx = NginxServer(folder: folder, release: plan.release)
        let saved = Files.exists(folder.state) ? try LabFiles.read(Saved.self, folder.state) : Saved()
        self.saved = Mutex(saved)
        nodes = try plan.nodes.map {
            try NodeRuntime(
                plan: $0, folder: folder, tftpCache: plan.tftpCache, faults: saved.faults[$0.name] ?? [],
                delay: saved.delays[$0.name] ?? Self.usualDelay)
        }
        phones = try plan.phones.map { [nodes] phone in
            let servers = plan.servers(ofPool: plan.pool(of: phone)?.name ?? "")
            return try Phone(plan: phone, lab: plan, folder: folder.phone(phone.name)) {
                servers.first { name in
                    nodes.contains { $0.plan.name == name && $0.acceptsPhones }
                }
            }
        }
        trustServers = Dictionary(
            uniqueKeysWithValues: nodes.filter { $0.plan.tvsPort != nil }.map { [trustStore] node in
                (
                    node.plan.name,
                    TVSServer(
                        cache: TVSCache(
                            trustStore: trustStore, files: node.files,
                            webServer: identity.node(node.plan.name)?.tomcat.certificate,
                            keeps: plan.has(.tvsKeeps), readsLate: plan.has(.tvsReadsLate)),
                        trace: TVSTrace(folder: folder.node(node.plan.name)))
                )
            })
        phoneTables = PhoneTables(plan)
        crowd = PhoneCrowd(
            plan.population, plan: plan,
            world: CrowdWorld(
                nodes: nodes, identity: identity, services: trustServers, formerCTL: folder.formerCTL),
            path: folder.crowd, busy: busy)
    }

    var publisher: NodeRuntime { nodes[0] }
    var writer: TrustListWriter { TrustListWriter(plan: plan, identity: identity) }

    /// Whether an account may log in to a node.
    func accepts(_ account: Accounts.Kind, user: String, password: [UInt8], at node: NodeRuntime) -> Bool {
        let isRight = accounts[account].accepts(user: user, password: password)
        return isRight && !node.has(.loginRefused)
    }

    /// Whether an interface of the publisher answers one more request now.
    func admits(_ interface: Throttle.Interface) -> Bool {
        throttle.admits(interface, window: publisher.has(.throttle) ? publisher.faultDelay : nil)
    }

    func node(_ name: String) -> NodeRuntime? { nodes.first { $0.plan.name == name } }
    func phone(_ name: String) -> Phone? { phones.first { $0.plan.name == name } }

    /// Restarts a phone, soon.
    ///
    /// - Returns: false if there is no phone of that name.
    func restartPhone(_ name: String) -> Bool {
        if let phone = phone(name) {
            phone.restart()
        } else if let index = crowd.index(of: name) {
            crowd.restart(index)
        } else {
            return false
        }
        return true
    }

    // MARK: Starting and stopping

    /// Writes the trust lists and the trust store of a cluster that has just been installed.
    func install() throws {
        let now = Clock.now
        let like =
            Files.exists(folder.snapshot)
            ? LikeCluster(try Snapshot.read(folder.snapshot), plan, folder) : nil
        for (node, own) in zip(nodes, identity.nodes) {
            let itl = try like?.itl(of: node.plan.name) ?? writer.itl(of: node.plan, time: now, isMixed: true)
            try node.files.write("ITLFile.tlv", itl)
            _ = try trustStore.add(own.callManager.certificate, unit: "CallManager-trust")
            _ = try trustStore.add(own.tomcat.certificate, unit: "tomcat-trust")
        }
        if let recovery = identity.publisher.itlRecovery {
            _ = try trustStore.add(recovery.certificate, unit: "CallManager-trust")
        }
        if let capf = identity.publisher.capf {
            for unit in ["CallManager-trust", "CAPF-trust"] { _ = try trustStore.add(capf.certificate, unit: unit) }
        }
        if let like {
            saved.withLock { $0.securityMode = like.snapshot.mode }
            for entry in like.trusted { _ = try trustStore.add(entry.certificate, unit: entry.unit) }
            if let ctl = try like.ctl() { try distribute("CTLFile.tlv", ctl) }
        } else {
            try distribute("CTLFile.tlv", try writer.secureCTL(time: now))
        }
        if plan.population.count > 0 {
            try LabFiles.makeFolder(folder.crowd)
            try LabFiles.write(try writer.formerCTL(time: now - 90 * 86400), to: folder.formerCTL, mode: 0o644)
        }
        save()
    }

    func start() throws(LabError) {
        for node in nodes { try startSpoof(on: node) }
        try startAll(nodes.filter(\.isUp))
        try refreshFront()
    }

    func stop() {
        nginx.stop()
        DispatchQueue.concurrentPerform(iterations: nodes.count) { nodes[$0].stop() }
    }

    /// All in parallel: a server takes a moment to come up.
    private func startAll(_ nodes: [NodeRuntime]) throws(LabError) {
        let failure = Mutex<LabError?>(nil)
        DispatchQueue.concurrentPerform(iterations: nodes.count) { index in
            do throws(LabError) { try start(nodes[index]) } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func start(_ node: NodeRuntime) throws(LabError) {
        try node.start { [self] connection in ShellConnection(cluster: self, node: node).serve(connection) }
    }

    /// Makes what nginx serves match the nodes' states.
    ///
    /// Several nodes change at the same time: the last caller applies what all of them did.
    private func refreshFront() throws(LabError) {
        let mine = frontWanted.add(1, ordering: .sequentiallyConsistent).newValue
        try frontShown.withLock { (shown) throws(LabError) in
            guard shown < mine else { return }
            let now = frontWanted.load(ordering: .sequentiallyConsistent)
            try nginx.apply(fronts)
            shown = now
        }
    }

    private var fronts: [NginxServer.Front] {
        nodes.map { node in
            NginxServer.Front(
                node: node.plan, web: node.isUp, files: node.servesFiles,
                tvs: node.plan.tvsPort != nil && node.isUp && node.isStarted(.trustVerification)
                    && !node.has(.tvsBlocked),
                root: node.files.served,
                cutsUploads: node.has(.cutUpload), hasOtherKey: node.has(.tlsKey))
        }
    }

    // MARK: Faults

    /// Seconds.
    static let usualDelay = 2.0

    /// Replaces a node's faults.
    ///
    /// - Parameters:
    ///   - delay: how late a slow node responds, in seconds.
    ///   - spoofed: what someone who answers in the node's place serves, by name.
    func setFaults(
        _ faults: Set<Fault>, delay: Double, spoofed: [String: [UInt8]] = [:], on node: NodeRuntime
    ) throws(LabError) {
        let wasSpoofed = Self.isSpoof(node.faults)
        let place = folder.spoof(node.plan.name)
        if Self.isSpoof(faults) {
            guard !spoofed.isEmpty else {
                throw LabError(.badRequest, "somebody who answers needs a file to answer with: --file FILE")
            }
            try LabFiles.makeFolder(place)
            for name in Files.names(in: place) { try LabFiles.remove("\(place)/\(name)") }
            for (name, bytes) in spoofed { try LabFiles.write(bytes, to: "\(place)/\(name)", mode: 0o600) }
        }
        try identity.makeOtherKeys(for: faults, node.plan, folder, plan.release)
        if node.plan.isPublisher {
            for (fault, purpose) in [(Fault.staleITLRecovery, "ITLRecovery"), (.staleCAPF, "CAPF")]
            where faults.contains(fault) != node.has(fault) {
                do { try makeStale(purpose, faults.contains(fault)) } catch {
                    throw LabError(.fileFailed, "the certificate \(purpose) cannot be replaced: \(error)")
                }
            }
        }
        let wasUp = node.isUp
        node.setFaults(faults, delay: delay)
        saved.withLock {
            $0.faults[node.plan.name] = faults.isEmpty ? nil : faults
            $0.delays[node.plan.name] = faults.isEmpty ? nil : delay
            let hadMode = $0.staleModes[node.plan.name] ?? $0.securityMode
            $0.staleModes[node.plan.name] = faults.contains(.replication) ? hadMode : nil
        }
        save()
        try startSpoof(on: node)
        if wasSpoofed || Self.isSpoof(faults), node.isUp, wasUp, node.isStarted(.tftp) {
            try node.set(.tftp, started: true)
        }
        if wasUp && !node.isUp {
            node.stop()
        } else if !wasUp && node.isUp {
            try start(node)
        }
        try refreshFront()
        Log.note("\(node.plan.name): faults \(faults.map(\.rawValue).sorted())")
    }

    private static func isSpoof(_ faults: Set<Fault>) -> Bool {
        faults.contains(.spoofFiles) || faults.contains(.spoofUntilWritten)
    }

    /// Makes someone answer in a node's place if that is among its faults, with the files that were specified with it.
    private func startSpoof(on node: NodeRuntime) throws(LabError) {
        guard Self.isSpoof(node.faults) else { return try node.files.setSpoof(nil) }
        let place = folder.spoof(node.plan.name)
        var files: [String: [UInt8]] = [:]
        for name in Files.names(in: place) { files[name] = try LabFiles.read("\(place)/\(name)") }
        try node.files.setSpoof(.init(files: files, endsWithChange: node.has(.spoofUntilWritten)))
    }

    // MARK: Trust certificates

    /// Deletes a trust certificate as a node's command line or web page does. Below 11.0 that has to be done on every
    /// node: otherwise Cisco Certificate Change Notification brings it back.
    ///
    /// - Returns: false if the node has none of that name.
    func removeTrust(unit: String, file: String, at node: NodeRuntime) throws(LabError) -> Bool {
        guard plan.release.deletesTrustOnOneNode, nodes.count > 1 else {
            return try trustStore.remove(unit: unit, file: file)
        }
        return try trustStore.remove(
            unit: unit, file: file, at: node.plan.name, of: nodes.filter(\.isUp).map(\.plan.name))
    }

    // MARK: Services

    func restart(_ service: Service, on node: NodeRuntime) throws(LabError) {
        try stop(service, on: node)
        try start(service, on: node)
    }

    func start(_ service: Service, on node: NodeRuntime) throws(LabError) {
        try node.set(service, started: true)
        Log.note("\(node.plan.name): \(service.rawValue) is started")
        if service == .trustVerification { trustServers[node.plan.name]?.cache.forget() }
        try follow(service)
    }

    /// What depends on whether a service is started.
    private func follow(_ service: Service) throws(LabError) {
        if service == .tftp || service == .trustVerification { try refreshFront() }
        guard service == .callManager else { return }
        crowd.followServices()
        for phone in phones { phone.followServices { [self] in losses.add(1, ordering: .relaxed) } }
    }

    /// How many phones have no server now, and how often one lost its last one.
    var unserved: (now: Int, losses: Int) {
        let (now, lost) = crowd.state.withLock { ($0.unserved.count, $0.losses) }
        return (now + phones.count(where: \.hasNoServer), lost + losses.load(ordering: .relaxed))
    }

    /// How long a service takes to start, in seconds.
    func startTime(of service: Service) -> Double { plan.durations?.seconds(service) ?? 0 }

    /// Starts a service slowly: returns at once.
    func startSlowly(_ service: Service, on node: NodeRuntime) {
        node.setStarting(service)
        let seconds = node.faultDelay + startTime(of: service)
        OwnThread.start { [self] in
            interruptibleSleep(seconds)
            do { try start(service, on: node) } catch {
                Log.note("\(node.plan.name): \(service.rawValue): \(error)")
                // Not starting forever.
                try? node.set(service, started: false)
            }
        }
    }

    func stop(_ service: Service, on node: NodeRuntime) throws(LabError) {
        try node.set(service, started: false)
        try follow(service)
    }

    // MARK: Security mode and the CTL file

    /// The parameter ClusterSecurityMode: 0 non-secure, 1 mixed.
    var securityMode: Int { saved.withLock { $0.securityMode } }

    /// The same as in a node's own database: if that does not follow the publisher's, as it was then.
    func securityMode(at node: NodeRuntime) -> Int {
        saved.withLock { $0.staleModes[node.plan.name] ?? $0.securityMode }
    }

    /// Regenerates the CTL file for the current mode, signs it with a key of the publisher's, and copies it to all nodes.
    ///
    /// - Parameter takesTrusted: also with certificates of Phone-SAST-trust, as `utils ctl update CTLFile` does.
    func updateCTL(signer: TrustListWriter.Signer = .usual, takesTrusted: Bool = false) throws {
        let now = Clock.now
        var writer = writer
        if takesTrusted {
            let kinds = plan.sastTrust ?? plan.release.usualSASTTrust
            writer.sastTrust = trustStore.entries(of: "Phone-SAST-trust").map(\.certificate).filter {
                kinds == .all || (kinds == .servers && $0.isServers)
            }
        }
        try distribute(
            "CTLFile.tlv",
            securityMode == 1
                ? try writer.secureCTL(time: now, signer: signer) : try writer.nonSecureCTL(time: now, signer: signer))
    }

    func setSecurityMode(_ mode: Int) throws {
        saved.withLock { $0.securityMode = mode }
        save()
        try updateCTL()
        try updateITLs(isNew: false)
    }

    /// Gives every node that answers an ITL file for the current certificates and mode.
    ///
    /// - Parameter isNew: if false, it keeps its time, so that the former mode results in the former bytes again.
    private func updateITLs(isNew: Bool = true) throws {
        let now = Clock.now
        for node in nodes where node.isUp && !node.has(.diskFull) {
            let old = isNew ? nil : node.files.read("ITLFile.tlv").flatMap { try? TrustListFile(decoding: $0) }
            let time = old.map { Int64($0.header.timestamp) } ?? now
            try node.files.write("ITLFile.tlv", try writer.itl(of: node.plan, time: time, isMixed: securityMode == 1))
        }
    }

    /// Gives a node a new key and certificate, and the nodes ITL files with it. The CTL file does not change: it contains
    /// the former certificate until someone updates it.
    ///
    /// - Parameter purpose: CallManager; of the publisher also CAPF or ITLRecovery.
    func regenerate(_ purpose: String, of node: NodeRuntime) throws {
        let home = ClusterIdentity.home(of: purpose, node.plan, plan)
        guard identity.node(home.name)?[purpose] != nil else {
            throw LabError(.badRequest, "\(home.name) has no certificate \(purpose)")
        }
        let key = try PrivateKey.generate(bits: plan.release.keyBits(of: purpose))
        try ClusterIdentity.certificate(purpose, home, plan.release, key).write(
            folder: folder.keys(home.name), name: purpose)
        try useCertificates()
        if let new = identity.node(home.name)?[purpose]?.certificate {
            _ = try trustStore.add(new, unit: "CallManager-trust")
            if purpose == "CAPF" { _ = try trustStore.add(new, unit: "CAPF-trust") }
        }
    }

    /// Uses the certificates that are on disk now.
    private func useCertificates() throws {
        let identity = try ClusterIdentity.load(plan, folder)
        certificates.withLock { $0 = identity }
        try updateITLs()
    }

    /// Replaces a certificate of the publisher, so that it is not the one in the CTL file, or restores it.
    private func makeStale(_ purpose: String, _ isStale: Bool) throws {
        let keys = folder.keys(publisher.plan.name)
        let former = purpose + "-former"
        if isStale, let present = identity.publisher[purpose] {
            try present.write(folder: keys, name: former)
            try regenerate(purpose, of: publisher)
        } else if !isStale, Files.exists("\(keys)/\(former).pem") {
            try Credential(folder: keys, name: former).write(folder: keys, name: purpose)
            try useCertificates()
        }
    }

    /// Copies a file to every node that answers.
    private func distribute(_ name: String, _ bytes: [UInt8]) throws {
        for node in nodes where node.isUp && !node.has(.diskFull) { try node.files.write(name, bytes) }
    }

    private func save() {
        let bytes = saved.withLock { JSON.encode($0) }
        do { try LabFiles.write(bytes, to: folder.state) } catch { Log.note("\(error)") }
    }
}
