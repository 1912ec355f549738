import Basics
import Dispatch
import Synchronization
import X509

/// The many phones of a lab: no thread, socket or file for any of them. They read what the nodes serve and ask the
/// Trust Verification Services within the process, and decide as the lab's other phones do.
final class PhoneCrowd: Sendable {
    struct State {
        var phones: [CrowdPhone] = []
        var files = HeldFiles()
        var outcomes = CrowdOutcomes()
        /// Phones that were told to restart, and when they will be done.
        var waiting: [(index: Int, at: ContinuousClock.Instant)] = []
        /// Phones that should be registered, and none of whose servers is up.
        var unserved: Set<Int> = []
        /// How often a phone lost its last server.
        var losses = 0
        var isChanged = false
    }

    let population: PhonePopulation
    private let plan: LabPlan
    private let world: CrowdWorld
    private let path: String
    let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let isStopped = Atomic(false)

    /// How long a restart takes.
    private var bootTime: Duration { .seconds(plan.durations?.phone ?? LabPlan.phoneSeconds) }
    /// Runs while phones are starting.
    private let busy: BusyClock

    init(_ population: PhonePopulation, plan: LabPlan, world: CrowdWorld, path: String, busy: BusyClock) {
        self.busy = busy
        self.population = population
        self.plan = plan
        self.world = world
        self.path = path
    }

    // MARK: Starting and stopping

    /// The phones as the last run left them, or those of a new lab.
    func start() throws(LabError) {
        guard population.count > 0 else { return }
        if Files.exists(path + "/phones") { try load() } else { try fill() }
        OwnThread.start { [self] in work() }
    }

    func stop() {
        guard population.count > 0 else { return }
        isStopped.store(true, ordering: .relaxed)
        ready.signal()
        saveIfChanged()
    }

    /// Gives every phone what its kind holds in a new lab.
    private func fill() throws(LabError) {
        let present = world.nodes.first?.files.read("CTLFile.tlv")
        let former = try? LabFiles.read(world.formerCTL)
        let now = UInt32(clamping: Clock.now)
        try state.withLock { (state) throws(LabError) in
            let held: [PhonePopulation.Held: UInt16] = [
                .present: state.files.add(present), .former: state.files.add(former ?? present), .none: 0,
            ]
            state.phones.reserveCapacity(population.count)
            let accepted = state.outcomes.add(
                CrowdOutcome(kind: .accepted, rule: 1, reason: "there was none: trust on first use"))
            for (number, kind) in population.kinds.enumerated() {
                guard let kindNumber = UInt16(exactly: number) else {
                    throw LabError(.badRequest, "there are more than \(UInt16.max) kinds of phones")
                }
                var phone = CrowdPhone(kind: kindNumber)
                phone.ctl = held[kind.held] ?? 0
                if phone.ctl != 0 {
                    phone.starts = 1
                    phone.lastStart = kind.held == .former ? now - 90 * 86400 : now
                    phone.ctlOutcome = accepted
                }
                if kind.model.hasSecurityByDefault, kind.held != .none, let node = servers(kind).first {
                    phone.itl = state.files.add(node.files.read("ITLFile.tlv"))
                    phone.itlOutcome = accepted
                }
                if kind.isRegistered { phone.registeredAt = registrar(kind) }
                for _ in 0..<kind.count { state.phones.append(phone) }
            }
            state.isChanged = true
        }
        saveIfChanged()
    }

    // MARK: Reading

    func name(_ index: Int) -> String {
        population.name(index, isSoftware: population.kinds[kind(index)].model.isSoftware)
    }

    func index(of name: String) -> Int? {
        guard let index = population.index(inName: name), self.name(index) == name else { return nil }
        return index
    }

    private func kind(_ index: Int) -> Int { state.withLock { Int($0.phones[index].kind) } }

    /// Goes through all phones, by number.
    ///
    /// - Parameter names: only these, or nil.
    func visit(named names: Set<String>? = nil, _ body: (Int, String, PhonePopulation.Kind, CrowdPhone) -> Void) {
        let phones = state.withLock { $0.phones }
        let some = names.map { names in names.compactMap { population.index(inName: $0) }.sorted() }
        for index in some ?? Array(phones.indices) where index < phones.count {
            let phone = phones[index]
            let kind = population.kinds[Int(phone.kind)]
            body(index, population.name(index, isSoftware: kind.model.isSoftware), kind, phone)
        }
    }

    func file(_ number: UInt16) -> HeldFiles.File? { state.withLock { $0.files[number] } }
    func outcome(_ number: UInt16) -> CrowdOutcome? { state.withLock { $0.outcomes[number] } }

    /// Where the cluster believes it to be. Nothing answers there: web access is off on most phones.
    func address(_ index: Int) -> String {
        let network = plan.publisher.address.split(separator: ".")
        let second = (Int(network[1]) ?? 1) % 254 + 1
        return "127.\(second).\(index / 250 % 250 + 1).\(index % 250 + 1)"
    }

    // MARK: Restarting

    /// Restarts a phone soon: returns at once. A phone that is already starting does so only once.
    func restart(_ index: Int) {
        let isHeard = state.withLock { state in
            // A phone that is not connected receives nothing.
            guard isConnected(state.phones[index]) else { return false }
            state.phones[index].registeredAt = -1
            if state.waiting.isEmpty { busy.begin() }
            state.waiting.append((index, ContinuousClock.now + bootTime))
            return true
        }
        if isHeard { ready.signal() }
    }

    /// Whether it is connected: not in a drawer, or plugged in since.
    private func isConnected(_ phone: CrowdPhone) -> Bool {
        population.kinds[Int(phone.kind)].isRegistered || phone.registeredAt >= 0
    }

    /// Restarts all of them soon.
    ///
    /// - Parameter everyone: including those in drawers, as if someone had plugged them in.
    func restartAll(everyone: Bool) {
        state.withLock { state in
            let at = ContinuousClock.now + bootTime
            let wasIdle = state.waiting.isEmpty
            for index in state.phones.indices
            where everyone || isConnected(state.phones[index]) {
                state.phones[index].registeredAt = -1
                state.waiting.append((index, at))
            }
            if wasIdle, !state.waiting.isEmpty { busy.begin() }
        }
        ready.signal()
    }

    /// How many have been told to restart and are not done yet.
    var restarting: Int { state.withLock { $0.waiting.count } }

    private func work() {
        while !isStopped.load(ordering: .relaxed) {
            guard let next = state.withLock({ $0.waiting.first }) else {
                saveIfChanged()
                ready.wait()
                continue
            }
            let delay = next.at - ContinuousClock.now
            if delay > .zero { interruptibleSleep(Double(Int(delay / .milliseconds(1)) + 1) / 1000) }
            let due = state.withLock { state in
                state.waiting.prefix { $0.at <= ContinuousClock.now }.map(\.index)
            }
            for index in Set(due).sorted() { boot(index) }
            // Only now, so that nobody considers them done too early.
            state.withLock { state in
                state.waiting.removeFirst(due.count)
                if state.waiting.isEmpty, !due.isEmpty { busy.end() }
            }
        }
    }

    private func boot(_ index: Int) {
        var (phone, files) = state.withLock {
            ($0.phones[index], ($0.files[$0.phones[index].ctl], $0.files[$0.phones[index].itl]))
        }
        let kind = population.kinds[Int(phone.kind)]
        let name = population.name(index, isSoftware: kind.model.isSoftware)
        let phoneServers = servers(kind)
        let members = plan.servers(ofPool: kind.pool)
        func load(_ file: String, _ prefix: String, judge: (PhoneJudge, [UInt8]) -> PhoneJudge.Verdict) -> (
            CrowdOutcome, HeldFiles.File?
        ) {
            let held = prefix == "CTL" ? files.0 : files.1
            guard let node = phoneServers.first(where: \.servesFiles) else {
                return (CrowdOutcome(kind: .unreachable, reason: "no server answers"), nil)
            }
            guard let offered = world.file(["\(prefix)\(name).tlv", file], at: node) else {
                return (CrowdOutcome(kind: .absent, reason: "the server has no such file"), nil)
            }
            if offered.bytes == held?.bytes {
                return (CrowdOutcome(kind: .unchanged, reason: "it is the file held already"), nil)
            }
            let judgeNow = PhoneJudge(
                model: kind.model, heldCTL: files.0?.list, heldITL: files.1?.list,
                serverOrder: members.compactMap { name in plan.node(name)?.addressBytes },
                askTVS: { [world] in world.askTVS($0, $1, device: "\(kind.model.rawValue)-\(name)") })
            switch judge(judgeNow, offered.bytes) {
            case .accepted(let rule, let reason):
                return (CrowdOutcome(kind: .accepted, rule: rule, reason: reason), offered)
            case .refused(let reason): return (CrowdOutcome(kind: .refused, rule: 4, reason: reason), nil)
            }
        }
        let (ctlOutcome, ctl) = load("CTLFile.tlv", "CTL") { $0.judgeCTL($1) }
        if let ctl { files.0 = ctl }
        var itlResult: (CrowdOutcome, HeldFiles.File?)?
        if kind.model.hasSecurityByDefault { itlResult = load("ITLFile.tlv", "ITL") { $0.judgeITL($1) } }
        phone.starts = phone.starts &+ 1
        phone.lastStart = UInt32(clamping: Clock.now)
        state.withLock { [phone, itlResult] state in
            var phone = phone
            // Services may have started or stopped meanwhile.
            phone.registeredAt = registrar(kind)
            note(index, hasServer: phone.registeredAt >= 0 || !kind.isRegistered, in: &state)
            if let ctl { phone.ctl = state.files.add(ctl) }
            phone.ctlOutcome = state.outcomes.add(ctlOutcome)
            if let (outcome, file) = itlResult {
                if let file { phone.itl = state.files.add(file) }
                phone.itlOutcome = state.outcomes.add(outcome)
            }
            state.phones[index] = phone
            state.isChanged = true
        }
    }

    /// The TFTP servers in the order in which phones of a kind try them: each place starts with a different one.
    private func servers(_ kind: PhonePopulation.Kind) -> [NodeRuntime] {
        let all = world.nodes.filter(\.plan.servesTFTP)
        let place = population.pools.firstIndex { $0.name == kind.pool } ?? 0
        let start = all.isEmpty ? 0 : place % all.count
        return Array(all[start...] + all[..<start])
    }

    /// The first node of its group that accepts registrations.
    private func registrar(_ kind: PhonePopulation.Kind) -> Int8 {
        for name in plan.servers(ofPool: kind.pool) {
            guard let index = world.nodes.firstIndex(where: { $0.plan.name == name }) else { continue }
            if world.nodes[index].acceptsPhones { return Int8(clamping: index) }
        }
        return -1
    }

    /// Every registered phone registers where it should now: services have started or stopped.
    func followServices() {
        state.withLock { state in
            let starting = Set(state.waiting.map(\.index))
            let servers = population.kinds.map(registrar)
            for index in state.phones.indices {
                guard state.phones[index].registeredAt >= 0 || state.unserved.contains(index), !starting.contains(index)
                else { continue }
                let server = servers[Int(state.phones[index].kind)]
                state.phones[index].registeredAt = server
                note(index, hasServer: server >= 0, in: &state)
            }
            state.isChanged = true
        }
    }

    private func note(_ index: Int, hasServer: Bool, in state: inout State) {
        if hasServer {
            state.unserved.remove(index)
        } else if state.unserved.insert(index).inserted {
            state.losses += 1
        }
    }

    // MARK: State on disk

    private func saveIfChanged() {
        let text = state.withLock { state -> String? in
            guard state.isChanged else { return nil }
            state.isChanged = false
            return CrowdRecord.text(state)
        }
        guard let text else { return }
        do {
            try LabFiles.makeFolder(path + "/files")
            for file in state.withLock({ $0.files.all }) where !Files.exists("\(path)/files/\(file.sha1)") {
                try LabFiles.write(file.bytes, to: "\(path)/files/\(file.sha1)", mode: 0o644)
            }
            try LabFiles.write(text, to: path + "/phones")
        } catch { Log.note("\(error)") }
    }

    private func load() throws(LabError) {
        let text = try LabFiles.text(path + "/phones")
        let folder = path + "/files"
        guard let saved = CrowdRecord.state(text, file: { try? LabFiles.read("\(folder)/\($0)") }),
            saved.phones.count == population.count
        else { throw LabError(.notALab, "\(path)/phones is not what the lab wrote") }
        state.withLock { $0 = saved }
    }
}
