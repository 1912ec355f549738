import Basics
import Synchronization
import TrustList
import X509

/// A phone: it starts, fetches its trust lists, decides, and remembers what it holds.
final class Phone: Sendable {
    let plan: LabPlan.Phone
    private let lab: LabPlan
    private let folder: String
    private let network: PhoneNetwork
    private let saved: Mutex<PhoneState>
    private let worker = Worker()
    private let console: ConsoleLog
    /// The server that accepts it now.
    private let registrar: @Sendable () -> String?
    private let isUnserved = Atomic(false)

    /// - Parameter registrar: the first node of its CallManager group that accepts registrations.
    init(
        plan: LabPlan.Phone, lab: LabPlan, folder: String, registrar: @escaping @Sendable () -> String?
    ) throws(LabError) {
        self.registrar = registrar
        self.plan = plan
        self.lab = lab
        self.folder = folder
        network = PhoneNetwork(phone: plan, lab: lab)
        try LabFiles.makeFolder(folder)
        console = ConsoleLog(folder: folder)
        let path = folder + "/state.json"
        saved = Mutex(Files.exists(path) ? try LabFiles.read(PhoneState.self, path) : PhoneState())
    }

    var state: PhoneState { saved.withLock { $0 } }

    /// The bytes of the trust lists that it holds.
    var heldCTL: [UInt8]? { try? LabFiles.read(folder + "/CTLFile.tlv") }
    var heldITL: [UInt8]? { try? LabFiles.read(folder + "/ITLFile.tlv") }

    /// The checksum that its display shows for a trust list: MD5 or SHA-1, depending on the model.
    func checksum(_ list: [UInt8]?) -> String? {
        list.map { plan.model.showsMD5 ? Digest.md5($0).hex : Digest.sha1($0).hex }
    }

    /// The firmware that it runs: what its file `firmware` says, or its model's usual one.
    var firmware: String {
        (try? LabFiles.read(folder + "/firmware")).map { String(decoding: $0, as: UTF8.self).trimmed }
            .flatMap { $0.isEmpty ? nil : $0 } ?? plan.model.firmware
    }

    /// Someone is talking on it, while there is a file `busy` in its folder.
    var isBusy: Bool { Files.exists(folder + "/busy") }

    /// Someone has erased its trust lists in its menu: it restarts.
    func eraseTrustLists() {
        update { note(&$0, "Erasing CTL and ITL files") }
        for name in ["CTLFile.tlv", "ITLFile.tlv"] { try? LabFiles.remove("\(folder)/\(name)") }
        restart()
    }

    /// Restarts soon: returns at once.
    func restart() {
        worker.post { [self] in
            update { $0.registeredAt = nil }
            interruptibleSleep(lab.durations?.phone ?? LabPlan.phoneSeconds)
            start()
        }
    }

    /// Whether it is registered nowhere although it should be: none of its servers is up.
    var hasNoServer: Bool { isUnserved.load(ordering: .relaxed) }

    /// Registers where it should be now: services have started or stopped.
    ///
    /// - Parameter lost: called if it has just lost its last server.
    func followServices(lost: @escaping @Sendable () -> Void) {
        worker.post { [self] in
            guard state.registeredAt != nil || hasNoServer else { return }
            let server = registrar()
            if server != state.registeredAt { update { $0.registeredAt = server } }
            if isUnserved.exchange(server == nil, ordering: .relaxed) == false, server == nil { lost() }
        }
    }

    /// Starts, and returns when it is done.
    func startNow() { worker.run { [self] in start() } }

    private func start() {
        var state = state
        state.starts += 1
        state.lastStart = Clock.now
        state.registeredAt = nil
        let mac = plan.name
        if heldCTL == nil, heldITL == nil { console.status("No Trust List installed") }
        state.ctl = load("CTLFile.tlv", ["CTL\(mac).tlv", "CTLFile.tlv"], &state) { $0.judgeCTL($1) }
        if plan.model.hasSecurityByDefault {
            state.itl = load("ITLFile.tlv", ["ITL\(mac).tlv", "ITLFile.tlv"], &state) { $0.judgeITL($1) }
        }
        if heldCTL == nil, heldITL == nil { state.note("No Trust List installed") }
        state.registeredAt = registrar()
        isUnserved.store(state.registeredAt == nil, ordering: .relaxed)
        let result = state
        update { $0 = result }
        Log.note(
            "\(mac): started; CTL \(state.ctl?.kind.rawValue ?? "-") (\(state.ctl?.reason ?? "")), "
                + "ITL \(state.itl?.kind.rawValue ?? "-")")
    }

    /// Fetches one trust list from the first server that answers, and decides about it.
    private func load(
        _ place: String, _ names: [String], _ state: inout PhoneState,
        judge: (PhoneJudge, [UInt8]) -> PhoneJudge.Verdict
    ) -> PhoneState.Outcome {
        var outcome = PhoneState.Outcome(kind: .unreachable, reason: "no server answers", time: Clock.now)
        for node in lab.tftpNodes {
            switch network.fetch(names, from: node, observe: console.requests) {
            case .unreachable(let why):
                note(&state, "TFTP Timeout : \(names[names.count - 1])")
                outcome.reason = why
            case .absent:
                note(&state, "File Not Found <\(names[names.count - 1])>")
                outcome.kind = .absent
                outcome.reason = "the server has no such file"
                outcome.server = node.name
                return outcome
            case .found(let name, let bytes):
                outcome.file = name
                outcome.server = node.name
                outcome.offeredSHA1 = Digest.sha1(bytes).hex
                decide(bytes, place, &outcome, &state, judge)
                return outcome
            }
        }
        return outcome
    }

    private func decide(
        _ bytes: [UInt8], _ place: String, _ outcome: inout PhoneState.Outcome, _ state: inout PhoneState,
        _ judge: (PhoneJudge, [UInt8]) -> PhoneJudge.Verdict
    ) {
        if (try? LabFiles.read("\(folder)/\(place)")) == bytes {
            outcome.kind = .unchanged
            outcome.reason = "it is the file held already"
            return
        }
        let judgeNow = PhoneJudge(
            model: plan.model, heldCTL: heldCTL.flatMap { try? TrustListFile(decoding: $0) },
            heldITL: heldITL.flatMap { try? TrustListFile(decoding: $0) },
            serverOrder: serverOrder,
            askTVS: { [network, console] in
                console.asksTVS()
                let answer = network.askTVS($0, $1)
                if case .valid = answer { console.tvsTrusts() }
                return answer
            })
        switch judge(judgeNow, bytes) {
        case .accepted(let rule, let reason):
            do {
                try LabFiles.write(bytes, to: "\(folder)/\(place)", mode: 0o644)
                outcome.kind = .accepted
                outcome.rule = rule
                outcome.reason = reason
                note(&state, "Trust List updated")
                console.forgetsTVS()
            } catch {
                outcome.kind = .refused
                outcome.reason = "\(error)"
                note(&state, "Trust List update failed")
            }
        case .refused(let reason):
            outcome.kind = .refused
            outcome.rule = 4
            outcome.reason = reason
            note(&state, "Trust List update failed, verification failure")
        }
    }

    /// The nodes of its CallManager group.
    private var serverOrder: [[UInt8]]? {
        lab.pool(of: plan).flatMap { lab.population.group(ofPool: $0.name) }.map { group in
            group.members.compactMap { lab.node($0)?.addressBytes }
        }
    }

    /// A status message, which also goes to the console log.
    private func note(_ state: inout PhoneState, _ text: String) {
        state.note(text)
        console.status(text)
    }

    private func update(_ change: (inout PhoneState) -> Void) {
        let bytes = saved.withLock { state in
            change(&state)
            return JSON.encode(state)
        }
        do { try LabFiles.write(bytes, to: folder + "/state.json") } catch { Log.note("\(error)") }
    }
}
