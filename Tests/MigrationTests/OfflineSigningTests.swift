import Basics
import Cluster
import Foundation
import Messages
import Testing
import TrustList
import X509

@testable import Migration

/// A change whose token is somewhere else: with its answer it is run, interrupted, resumed and rolled back without it.
@Suite(.timeLimit(.minutes(5))) struct OfflineSigningTests {
    /// Changes whose file a token signs, and that the plan fixes.
    static let situations = Situation.everything.filter { situation in
        [.toEtoken, .updateCertificates, .replaceToken, .toTokenless].contains(situation.kind) && situation.usesTokens
    }
    /// Phones take a file first that the cluster creates, and that names the tokens.
    private static let introduced = Situation.introducing[0]

    private let author = RunAuthor(who: "tester@here", version: "test")

    /// The plan as it is saved and read again, and its answer.
    private static func prepared(
        _ situation: Situation, _ cluster: MemoryCluster, in folder: Folder
    ) throws -> (plan: ChangePlan, answer: VerifiedAnswer) {
        let planned = try PlannedChange(.new(situation.request(in: folder)), of: cluster, state: folder.state)
        let path = folder.path + "/saved.plan"
        try Files.remove(path)
        try planned.saved(by: RunAuthor(who: "alice@office", version: "test")).write(to: path)
        let saved = try SavedPlan(reading: path)
        let received = try saved.request()
        let answer = try SigningAnswer(
            to: received, by: signer(of: saved.plan), author: "bob@safe", at: Timestamp(1_800_000_060), version: "test")
        var plan = saved.plan
        plan.settings.dropped = situation.kind == .replaceToken ? ["03"] : []
        return (plan, try VerifiedAnswer(answer, to: received))
    }

    private static func signer(of plan: ChangePlan) throws -> any TrustListSigner {
        let certificate = try plan.tokens[#require(plan.signer)].certificate()
        return try SoftwareSigner(certificate: certificate, key: Situation.tokenKey)
    }

    private func code(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return (error as? MigrationError)?.code.rawValue ?? (error as? AnswerError)?.code.rawValue }
    }

    private static func agreed(
        _ plan: ChangePlan, _ cluster: MemoryCluster, in folder: Folder
    ) throws -> ForecastAgreed {
        try LockedCluster(cluster, in: folder.state).look(for: .saved(plan)).agreeToFindings(despiteErrors: true)
            .agreeToForecast()
    }

    @Test(arguments: situations) func theAnswerTakesThePlaceOfTheToken(situation: Situation) throws {
        let (here, there) = (try situation.cluster(), try situation.cluster())
        try situation.plan(here, in: Folder()).runAll()
        let folder = Folder()
        let (plan, answer) = try Self.prepared(situation, there, in: folder)
        #expect(plan.forecast?.count == 3 && plan.request?.askedBy == "alice@office")
        let ended = try Self.agreed(plan, there, in: folder).takeSignature(answer).begin(author).run(RunContext())
        #expect(there.store == here.store)
        if situation.introduces, situation.kind == .toEtoken {
            // Here, signed after the introduction; there, before.
            let (signed, known) = (try Self.list(there), try #require(ended.change.journal).state)
            #expect(try signed.records == Self.list(here).records && signed.header.timestamp == 1_800_000_000)
            #expect(known.introduction != nil && known.toldFile == known.newFile)
            #expect(try Set(there.held.values) == [#require(there.files["sub"]?["CTLFile.tlv"])])
        } else {
            #expect(there.files == here.files && there.held == here.held)
        }
        let record = try ChangeRecord(ended.change)
        #expect(record.state == .finished && record.signature?.by == "bob@safe")
        let read = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(read.signature?.time == Timestamp(1_800_000_060) && read.html.contains("bob@safe"))
        // What phones were forecast to do is a fact of the journal, and in it once.
        #expect(try Journal.open(folder.journal()).plan.forecast == nil)
    }

    private static func list(_ cluster: MemoryCluster) throws -> TrustListFile {
        try TrustListFile(decoding: #require(cluster.files["pub"]?["CTLFile.tlv"]))
    }

    /// Runs it without a token, to the end.
    private func runSigned(_ situation: Situation, _ cluster: MemoryCluster) throws {
        let folder = Folder()
        let (plan, answer) = try Self.prepared(situation, cluster, in: folder)
        _ = try Self.agreed(plan, cluster, in: folder).takeSignature(answer).begin(author).run(RunContext())
    }

    /// Stopped after every record and every change, and continued by a run that has neither the token nor the answer.
    @Test(arguments: situations) func aCrashNeedsNoToken(situation: Situation) throws {
        let undisturbed = try situation.cluster()
        try runSigned(situation, undisturbed)
        var points = 0
        for way in [JournalRecord.Run.Purpose.resume, .rollback] {
            points = 0
            while true {
                let (cluster, folder) = (try situation.cluster(), Folder())
                let before = (files: cluster.files, store: Set(cluster.store))
                guard Self.crash(after: points, situation, cluster, folder) else { break }
                cluster.onChange = { _ in }
                let place: Comment = "\(situation.testDescription), \(way), point \(points)"
                let isFinished = try Journal.open(folder.journal()).state.outcome == .finished
                let open = try OpenChange(of: "memory", in: folder.state) { try folder.journal() }
                if way == .resume, isFinished {
                    #expect(cluster.files == undisturbed.files, place)
                } else if way == .resume {
                    let ended = try open.resume(on: cluster).takePIN {
                        Issue.record("no token is there: \(place)")
                        return try Situation.signer()
                    }.begin(author).run(RunContext())
                    #expect(try ChangeRecord(ended.change).state == .finished, place)
                    #expect(cluster.files == undisturbed.files && cluster.store == undisturbed.store, place)
                    #expect(cluster.held == undisturbed.held, place)
                } else {
                    _ = try open.rollBack(on: cluster).agreeToForecast(acceptingStranded: true).begin(author)
                        .run(RunContext())
                    #expect(cluster.files == before.files && Set(cluster.store) == before.store, place)
                }
                points += 1
            }
            #expect(points > 20)
        }
        print("\(situation.testDescription), signed elsewhere: stopped at \(points) points, resumed and rolled back")
    }

    private static func crash(
        after number: Int, _ situation: Situation, _ cluster: MemoryCluster, _ folder: Folder
    ) -> Bool {
        CrashTests.runUntilCrash { crash in
            var left = number
            func count() {
                if left == 0 { crash() }
                left -= 1
            }
            do {
                let (plan, answer) = try prepared(situation, cluster, in: folder)
                cluster.onChange = { _ in count() }
                defer { cluster.onChange = { _ in } }
                let change = try Change(.saved(plan), of: cluster, state: folder.state)
                try change.check(answer)
                try change.begin(.test(), answer: answer)
                count()
                change.journal?.didAppend = { _ in count() }
                var context = RunContext()
                context.signer = AnsweredSigner(answer)
                try ChangeRunner(change, #require(change.journal), context).run()
            } catch {
                Issue.record("\(situation.testDescription), \(number): \(error)")
            }
        }
    }

    /// Nothing is changed, whatever differs.
    @Test func whatDiffersIsRefusedBeforeTheFirstChange() throws {
        let situation = Situation(kind: .updateCertificates, usesTokens: true)
        let (cluster, folder) = (try situation.cluster(), Folder())
        let (plan, answer) = try Self.prepared(situation, cluster, in: folder)
        // The answer to a plan that was made later.
        let other = Folder()
        let later = try PlannedChange(.new(situation.request(in: other)), of: cluster, state: other.state)
        let path = other.path + "/b.plan"
        try later.saved(by: RunAuthor(who: "eve@office", version: "test")).write(to: path)
        let saved = try SavedPlan(reading: path)
        #expect(code { _ = try VerifiedAnswer(answer.answer, to: saved.request()) } == "answer-differs")
        #expect(
            code { _ = try Self.agreed(saved.plan, cluster, in: other).takeSignature(answer) } == "answer-differs")
        // A server has another certificate than when the plan was made: no fingerprint of the world shows that.
        cluster.certificates["sub"]?["CallManager"] = Situation.subscriber
        #expect(code { _ = try Self.agreed(plan, cluster, in: folder).takeSignature(answer) } == "world-changed")
        cluster.certificates["sub"]?["CallManager"] = Situation.renewed
        #expect(cluster.changes.isEmpty && !Files.exists(folder.state.path + "/journals"))
    }

    /// Between the question and the signature a certificate is regenerated: the file that was signed is not deployed.
    @Test func nothingElseIsDeployed() throws {
        let situation = Situation(kind: .updateCertificates, usesTokens: true)
        let (cluster, folder) = (try situation.cluster(), Folder())
        let before = cluster.files
        let (plan, answer) = try Self.prepared(situation, cluster, in: folder)
        cluster.onChange = { _ in cluster.certificates["sub"]?["CallManager"] = Situation.subscriber }
        #expect(throws: StepFailure.self) {
            _ = try Self.agreed(plan, cluster, in: folder).takeSignature(answer).begin(author).run(RunContext())
        }
        #expect(cluster.files == before && cluster.changes.contains { $0.hasPrefix("upload") })
        #expect(try Journal.open(folder.journal()).state.outcome == .rolledBack)
    }

    /// Whatever time and digest the cluster's file has: what was signed is what is deployed.
    @Test func whatIntroducesMayBeNewer() throws {
        let (cluster, folder) = (try Self.introduced.cluster(), Folder())
        let list = try TrustListFile(decoding: cluster.ownFile(.mixed))
        let newer = TrustListDraft(timestamp: 1_900_000_000, digest: .sha512, records: list.records)
        cluster.ownFile = { _ in
            try newer.signed(by: SoftwareSigner(certificate: Situation.publisher, key: Situation.publisherKey))
                .encoded()
        }
        let (plan, answer) = try Self.prepared(Self.introduced, cluster, in: folder)
        let request = try #require(plan.request)
        #expect(request.list.file.header.timestamp == 1_800_000_000 && request.list.file.header.digest == .sha1)
        let ended = try Self.agreed(plan, cluster, in: folder).takeSignature(answer).begin(author).run(RunContext())
        #expect(try #require(ended.change.journal).state.introduction != nil)
        #expect(try cluster.files["sub"]?["CTLFile.tlv"] == answer.list.encoded() && Self.list(cluster) == answer.list)
    }

    /// A certificate is regenerated while the cluster introduces the tokens: no phone is told.
    @Test func whatDiffersAfterTheIntroductionEndsIt() throws {
        let (cluster, folder) = (try Self.introduced.cluster(), Folder())
        let before = (files: cluster.files, held: cluster.held)
        let (plan, answer) = try Self.prepared(Self.introduced, cluster, in: folder)
        cluster.onChange = { change in
            if change == "utils ctl update CTLFile" {
                cluster.certificates["sub"]?["CallManager"] = Situation.renewed
            }
        }
        let failure = try #require(throws: StepFailure.self) {
            _ = try Self.agreed(plan, cluster, in: folder).takeSignature(answer).begin(author).run(RunContext())
        }
        #expect(failure.codeName == "world-changed" && failure.stepID == .introduceByCluster && !failure.isAfterCommit)
        #expect(cluster.files == before.files && cluster.held == before.held)
        #expect(cluster.changes.contains("utils ctl update CTLFile") && !cluster.changes.contains("restart SEP1"))
        #expect(try Journal.open(folder.journal()).state.outcome == .rolledBack)
    }

    /// The same when phones have taken the introduction already: it stops there, and rolls back.
    @Test func whatDiffersAfterThePhonesStopsIt() throws {
        let (cluster, folder) = (try Self.introduced.cluster(), Folder())
        let before = cluster.files
        let (plan, answer) = try Self.prepared(Self.introduced, cluster, in: folder)
        cluster.onChange = { change in
            if change == "restart SEP1" { cluster.certificates["sub"]?["CallManager"] = Situation.renewed }
        }
        let failure = try #require(throws: StepFailure.self) {
            _ = try Self.agreed(plan, cluster, in: folder).takeSignature(answer).begin(author).run(RunContext())
        }
        #expect(failure.codeName == "world-changed" && failure.stepID == .buildAndSign && failure.isIntroduced)
        #expect(failure.next?.localized.contains("migrate rollback") == true)
        func open() throws -> OpenChange { try OpenChange(of: "memory", in: folder.state) { try folder.journal() } }
        func resume() throws {
            _ = try open().resume(on: cluster).takePIN {
                Issue.record("no token is there")
                return try Situation.signer()
            }.begin(author).run(RunContext())
        }
        #expect(throws: StepFailure.self) { try resume() }
        // What changed is changed back, or everything is.
        let copy = cluster.certificates
        cluster.onChange = { _ in }
        cluster.certificates["sub"]?["CallManager"] = Situation.subscriber
        try resume()
        #expect(try Self.list(cluster) == answer.list)
        cluster.certificates = copy
        _ = try open().rollBack(on: cluster).agreeToForecast(acceptingStranded: true).begin(author).run(RunContext())
        #expect(cluster.files == before)
    }

    /// A plan's JSON, with one value changed at a time: it is not signed, or runs with no answer to the other one.
    @Test(arguments: [Situation.all[0], introduced]) func aChangedPlanIsNotSignedOrNotRun(situation: Situation) throws {
        let (cluster, folder) = (try situation.cluster(), Folder())
        let (plan, answer) = try Self.prepared(situation, cluster, in: folder)
        let bytes = try Files.read(folder.path + "/saved.plan")
        let path = folder.path + "/changed.plan"
        var (refused, shown) = (0, 0)
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[index] ^= 1
            try Files.write(changed, to: path, replacing: true)
            guard let saved = try? SavedPlan(reading: path), let received = try? saved.request() else {
                refused += 1
                continue
            }
            shown += 1
            // Whoever signs it signs what is shown; the answer is for that file, and for no other.
            #expect(code { _ = try VerifiedAnswer(answer.answer, to: received) } == "answer-differs", "byte \(index)")
            let other = try SigningAnswer(
                to: received, by: Self.signer(of: plan), author: "bob@safe", at: .now, version: "test")
            let original = try SavedPlan(reading: folder.path + "/saved.plan").request()
            #expect(code { _ = try VerifiedAnswer(other, to: original) } == "answer-differs", "byte \(index)")
        }
        #expect(refused > 100 && shown > 20, "\(refused), \(shown)")
        // What the rest of the plan says is what is in the file to be signed.
        func edited(_ edit: (inout ChangePlan) throws -> Void) throws -> String? {
            var other = plan
            try edit(&other)
            try Files.write(JSON.document(other), to: path, replacing: true)
            return code { _ = try SavedPlan(reading: path).request() }
        }
        func request(_ records: [Record], signer: Certificate, present: [UInt8]?) throws -> SigningRequest {
            let draft = TrustListDraft(timestamp: 1_800_000_000, digest: .sha1, records: records)
            return SigningRequest(
                try draft.unsigned(for: signer), replacing: present, askedBy: "eve", at: .now, version: "1")
        }
        let records = try [Record.token(Situation.first), .token(Situation.second), .token(Situation.third)]
        let present = plan.request?.present
        #expect(try edited { _ in } == nil)
        for (wrong, signer, file) in [
            (records, Situation.first, present), (Array(records.dropFirst()), Situation.second, present),
            (records, Situation.second, nil),
        ] {
            let found = try edited { $0.request = try request(wrong, signer: signer, present: file) }
            #expect(found == "plan-unusable")
        }
        #expect(try edited { $0.request = nil } == "not-signable")
    }

    @Test func plansThatFixNoFileSayWhy() throws {
        for situation in Situation.everything where situation.usesTokens {
            let isFixed = Self.situations.contains { $0.testDescription == situation.testDescription }
            let (cluster, folder) = (try situation.cluster(), Folder())
            let planned = try PlannedChange(.new(situation.request(in: folder)), of: cluster, state: folder.state)
            let saved = try planned.saved(by: author)
            #expect((saved.request != nil) == isFixed, "\(situation)")
            #expect((saved.whyNotFixed == nil) == isFixed, "\(situation)")
        }
    }

    @Test func aTokenThatIsAwayIsNamedByItsCertificate() throws {
        let plan = try Situation.all[0].plan(Situation.all[0].cluster(), in: Folder()).plan
        #expect(ChangePlan.Token(absent: Situation.first) == plan.tokens[0])
        // It may be called something else where it is.
        let inserted = [
            PlanTokens.Inserted(label: "my token", certificates: [Situation.first]),
            PlanTokens.Inserted(label: "SAST-ADN008580ef", certificates: [Situation.second]),
        ]
        #expect(try PlanTokens(of: plan, inserted: inserted).absent.isEmpty)
    }
}
