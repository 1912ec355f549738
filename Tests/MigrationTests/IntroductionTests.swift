import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// Phones take a file first that the old signer signs and that names the new one; then nobody is left behind.
@Suite(.timeLimit(.minutes(5))) struct IntroductionTests {
    private let folder = Folder()

    private func run(
        _ change: Change, _ cluster: MemoryCluster
    ) throws -> (afterIntroduction: [String: [UInt8]], journal: JournalState) {
        var held: [String: [UInt8]] = [:]
        try change.runAll(
            .run,
            RunContext(observe: { event in
                if case .proved = event, held.isEmpty, cluster.changes.last == "restart SEP3" { held = cluster.held }
            }))
        return (held, try Journal.open(folder.journal()).state)
    }

    /// With it all follow, each file forecast right; without it the same phones as ever are left behind.
    @Test(arguments: Situation.introducing) func nobodyIsLeftBehind(situation: Situation) throws {
        let cluster = try situation.cluster()
        let old = try #require(cluster.files["pub"]?["CTLFile.tlv"])
        let change = try situation.plan(cluster, in: folder, accepting: false)
        #expect(change.forecast.stranded.isEmpty)
        try change.checkForecast()
        let both = try #require(change.introductionForecast)
        #expect(both.with.follow == 3 && both.with.visits == 0 && both.without.visits == 1)
        #expect(both.with.phoneRestarts == 6 && both.without.phoneRestarts == 3)
        #expect(both.with.serviceRestarts == 2 * both.without.serviceRestarts && both.without.serviceRestarts > 0)
        #expect(both.with.seconds > both.without.seconds)
        #expect(both.introduction.count(.accepted) == 3)
        let (held, journal) = try run(change, cluster)
        let new = try #require(cluster.files["sub"]?["CTLFile.tlv"])
        let introduction = try folder.state.backup(sha256: #require(journal.introduction))
        #expect(held == ["SEP1": introduction, "SEP2": introduction, "SEP3": introduction])
        #expect(cluster.held == ["SEP1": new, "SEP2": new, "SEP3": new] && new != introduction && new != old)
        #expect(journal.outcome == .finished && journal.toldFile == journal.newFile)
        // Times come from how fast the nodes answer, and may differ.
        let with = try #require(journal.introductionForecast?.with)
        #expect(with.follow == both.with.follow && with.visits == both.with.visits)
        #expect(with.serviceRestarts == both.with.serviceRestarts && with.phoneRestarts == both.with.phoneRestarts)
        #expect(try StrandedRegister(of: "memory", in: folder.state).isEmpty)
        // By a signer that phones already knew, each time.
        let first = try TrustListFile(decoding: introduction)
        let knows = try TrustListFile(decoding: old).records.contains {
            $0.role == .sast && $0.certificate == first.signerRecord?.certificate
        }
        #expect(knows)
        #expect(try situation.plan(cluster, in: folder).isAlreadySo)

        // Without.
        let (other, second) = (try situation.cluster(), Folder())
        let direct = try situation.plan(other, in: second, choice: .never)
        #expect(direct.introductionForecast == nil && direct.forecast.stranded.map(\.phone.name) == ["SEP3"])
        try direct.runAll()
        let end = try #require(other.files["pub"]?["CTLFile.tlv"])
        #expect(other.held["SEP1"] == end && other.held["SEP2"] == end && other.held["SEP3"] == old)
        #expect(try StrandedRegister(of: "memory", in: second.state).entries.map(\.phone) == ["SEP3"])
    }

    @Test(arguments: Situation.introducing) func aPlanHoldsItsSteps(situation: Situation) throws {
        let change = try situation.plan(situation.cluster(), in: folder)
        let path = folder.path + "/plan"
        try change.plan.write(to: path)
        #expect(try ChangePlan.read(path) == change.plan)
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        let introducing: StepID = situation.kind == .toTokenless ? .introductionDeploy : .introduceByCluster
        #expect(change.plan.introducingStep == introducing && text.contains("\"\(introducing.rawValue)\""))
        #expect(text.contains("\"introduction-check-phones\""))
        #expect(text.contains("utils ctl reset localkey") == (situation.kind == .updateCertificates))
        // One that was tampered with does not count.
        for (old, new) in [
            ("\"introduction-restart-phones\"", "\"introduction-back-up\""),
            ("\"\(introducing.rawValue)\"", "\"make-tea\""), ("utils ctl reset localkey", "utils system restart"),
        ] where text.contains(old) {
            let edited = text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
            try Files.write(Array(edited.utf8), to: path, replacing: true)
            #expect(throws: MigrationError.self) { try ChangePlan.read(path) }
        }
        // A saved one runs.
        try change.plan.write(to: path + "2")
        let cluster = try situation.cluster()
        try Change(.saved(ChangePlan.read(path + "2")), of: cluster, state: folder.state).runAll()
        #expect(Set(cluster.held.values) == [try #require(cluster.files["pub"]?["CTLFile.tlv"])])
    }

    /// From 12.0 on, and going to the cluster's own signer, without being asked to; before that only on demand.
    @Test func whereNobodyAsks() throws {
        func introduces(_ situation: Situation, _ edit: (MemoryCluster) -> Void = { _ in }) throws -> Bool {
            let cluster = try situation.cluster()
            edit(cluster)
            return try situation.plan(cluster, in: folder, choice: .auto).introduction != nil
        }
        let toEtoken = Situation.introducing[0]
        #expect(try !introduces(toEtoken))
        #expect(try introduces(toEtoken, Self.makeNew))
        // Nobody would be left behind: it is not worth the restarts.
        #expect(
            try !introduces(toEtoken) { cluster in
                Self.makeNew(cluster)
                cluster.fleet.removeAll { $0.name == "SEP3" }
            })
        #expect(try introduces(Situation.introducing[1]) && introduces(Situation.introducing[2]))
        // Without a token nobody can sign a file that names the cluster's signer; the plan says which one could.
        let cluster = try Situation.introducing[1].cluster()
        let silent = try Situation.introducing[1].plan(cluster, in: folder, tokens: [], choice: .auto)
        #expect(silent.introduction == nil)
        #expect(silent.introductionAdvice?.localized.contains("--token SAST-ADN008580ef") == true)
        let old = try toEtoken.plan(toEtoken.cluster(), in: folder, choice: .auto)
        #expect(old.introductionAdvice?.localized.contains("--introduce always") == true)
        #expect(try toEtoken.plan(toEtoken.cluster(), in: folder).introductionAdvice == nil)
        let error = #expect(throws: MigrationError.self) {
            try Situation.introducing[1].plan(cluster, in: folder, tokens: [])
        }
        #expect(error?.code == .unusableTokens && error?.next?.localized.contains("--token SAST-ADN008580ef") == true)
    }

    /// Release 12.5, as far as it matters here.
    private static func makeNew(_ cluster: MemoryCluster) {
        cluster.release = "12.5.1.11900-146"
        cluster.certificates["pub"]?["ITLRecovery"] = Situation.recovery
    }

    @Test(arguments: [false, true]) func aReleaseThatDoesNotDoIt(refuses: Bool) throws {
        let situation = Situation.introducing[0]
        func cluster() throws -> MemoryCluster {
            let cluster = try situation.cluster()
            Self.makeNew(cluster)
            cluster.writesTrusted = false
            if refuses {
                cluster.onChange = {
                    guard $0.hasPrefix("utils ctl") else { return }
                    throw ClusterError(.refused, operation: .verbatim($0), message: .verbatim("no licence"))
                }
            }
            return cluster
        }
        // Nobody agreed to visit the 7960: it ends, and all is as it was.
        for (accepts, choice) in [(false, IntroductionChoice.auto), (true, .always)] {
            let (cluster, folder) = (try cluster(), Folder())
            let before = cluster.files
            let failure = #expect(throws: StepFailure.self) {
                try situation.plan(cluster, in: folder, accepting: accepts, choice: choice).runAll()
            }
            let error = try #require(failure?.cause as? MigrationError)
            #expect(error.code == .notIntroduced && error.next?.localized.contains("--introduce never") == true)
            #expect(failure?.stepID == .introduceByCluster && failure?.isAfterCommit == false)
            #expect(cluster.files == before && cluster.store.isEmpty)
            #expect(!cluster.changes.contains { $0.hasPrefix("restart SEP") || $0.hasPrefix("restart Cisco Call") })
            #expect(try Journal.open(folder.journal()).state.outcome == .rolledBack)
        }
        // Someone did: the change continues without it.
        let cluster = try cluster()
        let old = cluster.held["SEP3"]
        try situation.plan(cluster, in: folder, choice: .auto).runAll()
        let new = try #require(cluster.files["pub"]?["CTLFile.tlv"])
        #expect(cluster.held["SEP1"] == new && cluster.held["SEP3"] == old)
        let journal = try Journal.open(folder.journal()).state
        #expect(journal.outcome == .finished && journal.introduction == nil && journal.notIntroduced != nil)
        #expect(journal.forecast?.stranded.flatMap(\.phones) == ["SEP3"])
        #expect(cluster.changes.count { $0.hasPrefix("restart SEP") } == 3)
        #expect(try StrandedRegister(of: "memory", in: folder.state).entries.map(\.phone) == ["SEP3"])
    }

    /// Security by Default is of no use where TVS does not answer; a file that names the signer is.
    @Test func withoutTVS() throws {
        let situation = Situation.introducing[0]
        let cluster = try situation.cluster()
        Self.makeNew(cluster)
        (cluster.tvsKnowsUploads, cluster.tvsAnswers) = (false, false)
        let failure = #expect(throws: StepFailure.self) {
            try situation.plan(cluster, in: folder, choice: .never).runAll()
        }
        #expect(failure?.stepID == .askTVS)
        let second = Folder()
        try situation.plan(cluster, in: second, accepting: false, choice: .auto).runAll()
        #expect(Set(cluster.held.values) == [try #require(cluster.files["pub"]?["CTLFile.tlv"])])
        #expect(try StrandedRegister(of: "memory", in: second.state).isEmpty)
    }

    /// One that is switched off takes neither file; no introduction helps it.
    @Test func aPhoneThatIsNotThere() throws {
        let situation = Situation.introducing[0]
        let cluster = try situation.cluster()
        cluster.fleet.append(
            Phone(name: "SEP4", model: PhoneModel(name: "CP-7960G"), address: nil, isRegistered: false))
        cluster.silent.insert("SEP4")
        let change = try situation.plan(cluster, in: folder, accepting: false)
        #expect(change.forecast.stranded.map(\.phone.name) == ["SEP4"])
        #expect(throws: MigrationError.self) { try change.checkForecast() }
    }

    /// The new file waits for phones that need the other one first.
    @Test func phonesHaveToBeBack() throws {
        let situation = Situation.introducing[0]
        let cluster = try situation.cluster()
        let fleet = cluster.fleet
        let change = try situation.plan(cluster, in: folder, accepting: false)
        cluster.silent = ["SEP3"]
        cluster.onChange = {
            guard $0 == "restart SEP3" else { return }
            cluster.fleet[2] = Phone(name: "SEP3", model: fleet[2].model, address: nil, isRegistered: false)
        }
        let failure = #expect(throws: StepFailure.self) { try change.runAll() }
        #expect(failure?.stepID == .introductionCheckPhones && failure?.isAfterCommit == true)
        #expect((failure?.cause as? MigrationError)?.code == .phonesDiffer)
        #expect(failure?.text.localized.contains("introduces the new signer is on every node") == true)
        #expect(!cluster.changes.contains { $0.hasPrefix("deploy") })
        cluster.fleet = fleet
        cluster.onChange = { _ in }
        try situation.takeUp(cluster, in: folder).runAll(.resume)
        #expect(Set(cluster.held.values) == [try #require(cluster.files["pub"]?["CTLFile.tlv"])])
    }

    /// Whoever turns round after the first file finds that all phones accept the previous one.
    @Test(arguments: Situation.introducing) func theWayBackFromTheMiddle(situation: Situation) throws {
        let cluster = try situation.cluster()
        let before = (cluster.files, cluster.held)
        let last = situation.kind == .toEtoken ? "deploy pub" : "utils ctl update CTLFile"
        var isTold = false
        cluster.onChange = {
            if $0 == "restart SEP3" { isTold = true }
            if isTold, $0 == last { throw MemoryCluster.Fault(description: "down") }
        }
        let failure = #expect(throws: StepFailure.self) { try situation.plan(cluster, in: folder).runAll() }
        #expect(failure?.isAfterCommit == true && failure?.isIntroduced == true)
        #expect(try StrandedRegister(of: "memory", in: folder.state).isEmpty)
        cluster.onChange = { _ in }
        let change = try situation.takeUp(cluster, in: folder)
        try change.checkWorld()
        let forecast = try #require(change.forecastOfRollback())
        #expect(forecast.stranded.isEmpty == (situation.kind != .updateCertificates))
        try change.rollBackAll()
        #expect(cluster.files == before.0 && cluster.store.isEmpty)
        #expect((cluster.held == before.1) == (situation.kind != .updateCertificates))
    }
}
