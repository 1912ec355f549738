import Basics
import Cluster
import Configuration
// Without @testable: as seen by any front end. What it must not do does not compile: Tests/MustNotCompile.
import Messages
import Migration
import Operations
import Testing
import TrustList
import X509

/// The stages of a run, from the lock to the end.
@Suite(.timeLimit(.minutes(5))) struct GuardedRunTests {
    private let folder = Folder()
    private let situation = Situation.all[0]
    private let author = RunAuthor(who: "tester@here", version: "test")

    private func isFree() -> Bool { (try? ClusterLock("memory", in: folder.state)) != nil }

    private func code(_ body: () throws -> Void) -> MigrationError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? MigrationError)?.code }
    }

    private func locked(_ cluster: MemoryCluster) throws -> LockedCluster {
        try LockedCluster(cluster, in: folder.state)
    }

    private func agreed(_ cluster: MemoryCluster) throws -> ForecastAgreed {
        try locked(cluster).look(for: .new(situation.request(in: folder))).agreeToFindings(despiteErrors: false)
            .agreeToForecast()
    }

    private func journal() throws -> OpenChange {
        try OpenChange(of: "memory", in: folder.state) { try folder.journal() }
    }

    @Test func everyStageHoldsTheLock() throws {
        let cluster = try situation.cluster()
        var (pins, locks) = (0, 0)
        cluster.onChange = { _ in if !isFree() { locks += 1 } }
        let ready = try agreed(cluster).takePIN {
            pins += 1
            #expect(!isFree() && cluster.changes.isEmpty)
            return try Situation.signer()
        }
        #expect(pins == 1 && !isFree() && cluster.changes.isEmpty)
        let ended = try ready.begin(author).run(RunContext())
        #expect(locks == cluster.changes.count && isFree())
        #expect(try ChangeRecord(ended.change).state == .finished)
        let back = try journal().rollBack(on: cluster)
        #expect(!isFree())
        let steps = try back.plan().steps
        #expect(steps.count > 3)
        let record = try ChangeRecord(
            back.agreeToForecast(acceptingStranded: true).begin(author).run(RunContext()).change)
        #expect(record.state == .rolledBack && isFree())
        #expect(
            record.runs.map(\.purpose) == [.run, .rollback] && record.runs.map(\.who) == ["tester@here", "tester@here"])
    }

    /// Signs until its token is removed, and counts.
    private final class CountingSigner: TrustListSigner {
        let signer: any TrustListSigner
        var signatures = 0
        var isGone = false

        init(_ certificate: Certificate) throws {
            signer = try SoftwareSigner(certificate: certificate, key: Situation.tokenKey)
        }

        struct Gone: Error {}

        var certificate: Certificate { signer.certificate }

        func sign(_ message: [UInt8], digest: DigestAlgorithm) throws -> [UInt8] {
            if isGone { throw Gone() }
            signatures += 1
            return try signer.sign(message, digest: digest)
        }
    }

    /// Every token is tested before the first change, the signing one last; it is not logged in to a second time.
    @Test func everyTokenIsTestedAndTheSignerStays() throws {
        let cluster = try situation.cluster()
        let signers = try [
            "SAST-ADN0054f509": CountingSigner(Situation.first), "SAST-ADN008580ef": CountingSigner(Situation.second),
        ]
        var asked: [String] = []
        func tested(failing: String? = nil) throws -> PINTaken {
            asked = []
            return try agreed(cluster).testTokens { token in
                asked.append(token.label)
                #expect(!isFree() && cluster.changes.isEmpty)
                if token.label == failing { throw CountingSigner.Gone() }
                return try #require(signers[token.label])
            }
        }
        // What fails is reported after all were tested.
        #expect(throws: CountingSigner.Gone.self) { _ = try tested(failing: "SAST-ADN0054f509") }
        #expect(isFree())
        signers["SAST-ADN008580ef"]?.isGone = true
        #expect(throws: CountingSigner.Gone.self) { _ = try tested().begin(author) }
        #expect(isFree() && cluster.changes.isEmpty && !Files.exists(folder.state.path + "/journals"))
        signers["SAST-ADN008580ef"]?.isGone = false
        let ready = try tested()
        #expect(asked == ["SAST-ADN0054f509", "SAST-ADN008580ef"])
        let ended = try ready.begin(author).run(RunContext())
        #expect(try ChangeRecord(ended.change).state == .finished)
        // Once more before the first change, and the new file.
        #expect(signers["SAST-ADN008580ef"]?.signatures == 2 && signers["SAST-ADN0054f509"]?.signatures == 0)
        // A token that shows another certificate.
        let other = try situation.cluster()
        #expect(
            code { _ = try agreed(other).testTokens { _ in try CountingSigner(Situation.renewed) } } == .unusableTokens)
    }

    @Test func aStageThatRefusesEndsTheRun() throws {
        let cluster = try situation.cluster()
        cluster.problems = [
            StatusFinding(
                code: .replicationBroken, severity: .error, node: "sub", text: .verbatim("Broken."),
                next: [.verbatim("Repair it.")])
        ]
        let request = situation.request(in: folder, accepting: false)
        #expect(
            code { _ = try locked(cluster).look(for: .new(request)).agreeToFindings(despiteErrors: false) }
                == .clusterHasErrors)
        #expect(isFree())
        #expect(
            code {
                _ = try locked(cluster).look(for: .new(request)).agreeToFindings(despiteErrors: true).agreeToForecast()
            } == .phonesWouldRefuse)
        struct WrongPIN: Error {}
        cluster.problems = []
        #expect(throws: WrongPIN.self) { _ = try agreed(cluster).takePIN { throw WrongPIN() } }
        #expect(isFree() && cluster.changes.isEmpty && !Files.exists(folder.state.path + "/journals"))
        let lock = try ClusterLock("memory", in: folder.state)
        #expect(code { _ = try locked(cluster) } == .busy)
        withExtendedLifetime(lock) {}
        // Reading alone needs no lock, and nothing is left behind.
        let planned = try PlannedChange(.new(request), of: cluster, state: folder.state)
        #expect(code { try planned.check(despiteFindings: false) } == .phonesWouldRefuse)
    }

    @Test func aPlanOfAnotherClusterIsRefused() throws {
        let cluster = try situation.cluster()
        let plan = try PlannedChange(.new(situation.request(in: folder)), of: cluster, state: folder.state).change.plan
        cluster.name = "other"
        #expect(code { _ = try locked(cluster).look(for: .saved(plan)) } == .planUnusable)
    }

    /// Nothing is asked again, and no PIN if the file is signed.
    @Test func aRunThatWasInterruptedGoesOn() throws {
        let cluster = try situation.cluster()
        cluster.onChange = { if $0.hasPrefix("restart") { throw MemoryCluster.Fault(description: "down") } }
        #expect(throws: StepFailure.self) {
            _ = try agreed(cluster).takePIN { try Situation.signer() }.begin(author).run(RunContext())
        }
        cluster.onChange = { _ in }
        #expect(code { try journal().checkAbandoning() } == nil)
        // The run that continues may have a ticket that the first one did not have.
        var ticketed = author
        ticketed.ticket = "CHG0042"
        let ended = try journal().resume(on: cluster).takePIN {
            Issue.record("nothing is left to sign")
            return try Situation.signer()
        }.begin(ticketed).run(RunContext())
        let record = try ChangeRecord(ended.change)
        #expect(record.state == .finished && record.runs.map(\.purpose) == [.run, .resume])
        #expect(record.ticket == nil && record.runs.map(\.ticket) == [nil, "CHG0042"])
        #expect(code { _ = try journal().resume(on: cluster) } == .noChange)
        #expect(code { try journal().abandon(author) } == .noChange)
        cluster.files["sub"]?["CTLFile.tlv"] = try Situation.tokenFile()
        #expect(code { _ = try journal().rollBack(on: cluster) } == .worldChanged)
    }
}
