import Basics
import Cluster
import Foundation
import Messages
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// What a change does if all goes well, and if a part of it fails. Nodes are read and written in memory.
@Suite(.timeLimit(.minutes(5))) struct ChangeTests {
    let folder = Folder()
    let situation = Situation.all[0]
    let cluster: MemoryCluster
    let oldFile: [UInt8]

    init() throws {
        cluster = try situation.cluster()
        oldFile = try Situation.ownFile(.mixed)
    }

    func plan(accepting: Bool = true) throws -> Change { try situation.plan(cluster, in: folder, accepting: accepting) }

    func files() -> [[UInt8]?] { cluster.nodes.map { cluster.files[$0]?["CTLFile.tlv"] } }

    @Test func changesTheFileOnEveryNodeInTheSafeOrder() throws {
        let change = try plan()
        try change.runAll()
        let new = try #require(try change.newFile())
        let list = try TrustListFile(decoding: new)
        #expect(try list.isSigned(by: Situation.second))
        #expect(list.records.map(\.role) == [.sast, .ccmTFTP, .ccmTFTP, .sast])
        #expect(list.records[1].dnsName == "127.1.2.11")
        #expect(files() == [new, new])
        #expect(
            cluster.changes == [
                "upload SAST-ADN0054f509", "upload SAST-ADN008580ef", "deploy pub", "deploy sub",
                "restart Cisco Tftp pub", "restart Cisco Tftp sub", "restart Cisco CallManager pub",
                "restart Cisco CallManager sub", "restart SEP1", "restart SEP2", "restart SEP3",
            ])
        let record = try ChangeRecord(change)
        #expect(record.state == .finished)
        #expect(record.phones.map(\.result) == [.newFile, .oldFile])
        #expect(record.phones.map(\.phones) == [["SEP1", "SEP2"], ["SEP3"]])
        #expect(try Files.read(folder.state.backupPath(of: oldFile)) == oldFile)
        // The journal alone tells the same.
        let read = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(read.steps.map(\.state) == record.steps.map(\.state) && read.after?.sha256 == record.after?.sha256)
    }

    @Test func planningChangesNothing() throws {
        let change = try plan(accepting: false)
        #expect(change.forecast.entries.map(\.verdict.outcome) == [.accepted, .accepted, .refused])
        #expect(throws: MigrationError.self) { try change.checkForecast() }
        #expect(cluster.changes.isEmpty && !Files.exists(folder.state.path))
    }

    @Test(arguments: Situation.all) func everyKindReachesItsEndAndFindsItSo(situation: Situation) throws {
        let cluster = try situation.cluster()
        try situation.plan(cluster, in: folder).runAll()
        let bytes = try #require(cluster.files["sub"]?["CTLFile.tlv"])
        #expect(cluster.files["pub"]?["CTLFile.tlv"] == bytes)
        let list = try TrustListFile(decoding: bytes)
        #expect(try list.isSigned(by: situation.usesTokens ? Situation.second : Situation.publisher))
        #expect(cluster.mode == (situation.kind == .setNonSecureMode ? .nonSecure : .mixed))
        let certificates = list.records.compactMap(\.certificate)
        #expect(certificates.contains(Situation.renewed.der) == (situation.kind == .updateCertificates))
        if situation.kind == .setNonSecureMode {
            #expect(list.records.filter { $0.role == .ccmTFTP }.allSatisfy { $0.certificate == nil })
        }
        #expect(try situation.plan(cluster, in: folder).isAlreadySo)
    }

    @Test func withoutTVSNothingThatPhonesSeeIsChanged() throws {
        cluster.tvsKnowsUploads = false
        let failure = #expect(throws: StepFailure.self) { try plan().runAll() }
        #expect(failure?.stepID == .askTVS)
        #expect(cluster.store.isEmpty)
        #expect(!cluster.changes.contains { $0.hasPrefix("deploy") })
    }

    /// Every change on the cluster fails once: everything is as before, or the failure comes after the new file was
    /// proven.
    @Test(arguments: Situation.all) func aFailedChangeIsUndone(situation: Situation) throws {
        let undisturbed = try situation.cluster()
        try situation.plan(undisturbed, in: Folder()).runAll()
        for number in undisturbed.changes.indices {
            let (cluster, folder) = (try situation.cluster(), Folder())
            let (files, mode) = (cluster.files, cluster.mode)
            var count = 0
            cluster.onChange = { what in
                defer { count += 1 }
                if count == number { throw MemoryCluster.Fault(description: "disk full at \(what)") }
            }
            let place = "\(situation.testDescription), \(undisturbed.changes[number])"
            do {
                try situation.plan(cluster, in: folder).runAll()
                Issue.record("\(place): no failure")
            } catch {
                let failure = try #require(error as? StepFailure)
                #expect(failure.notUndone == [], "\(place)")
                let outcome = try Journal.open(folder.journal()).state.outcome
                if failure.isAfterCommit {
                    #expect(cluster.files == undisturbed.files && outcome == .unfinished, "\(place)")
                    // And it can be continued.
                    try situation.takeUp(cluster, in: folder).runAll(.resume)
                    #expect(cluster.held == undisturbed.held)
                } else {
                    #expect(cluster.files == files && cluster.store.isEmpty && cluster.mode == mode, "\(place)")
                    #expect(outcome == .rolledBack, "\(place)")
                }
            }
        }
    }

    /// Control-C during a rollback stops it before the next step; another run completes it.
    @Test func theWayBackCanBeStopped() throws {
        try plan().runAll()
        var stops = 0
        while true {
            let change = try situation.takeUp(cluster, in: folder)
            // One step per run.
            var steps = 0
            let context = RunContext(
                observe: {
                    switch $0 {
                    case .undone, .proved: steps += 1
                    default: break
                    }
                }, isInterrupted: { steps >= 1 })
            do {
                try change.rollBackAll(context)
                break
            } catch {
                #expect(((error as? StepFailure)?.cause as? MigrationError)?.code == .interrupted)
                stops += 1
            }
        }
        #expect(stops >= 4)
        #expect(files() == [oldFile, oldFile] && cluster.store.isEmpty)
    }

    /// Nobody waits for phones whose web pages never answered; for the others until the timeout, or Control-C.
    @Test func silentPhonesAreNotWaitedFor() throws {
        cluster.silent = ["SEP1", "SEP2", "SEP3"]
        let change = try plan()
        var looks = 0
        cluster.onLook = { _ in looks += 1 }
        try change.runAll()
        #expect(looks == 2, "one look, and one in the end")
        #expect(try ChangeRecord(change).phones.map(\.result) == [.notKnown])
    }

    @Test func theWaitForPhonesCanBeStopped() throws {
        let change = try situation.plan(cluster, in: folder, accepting: true, phoneTimeout: 3600)
        var looks = 0
        cluster.onLook = { [cluster] _ in
            // It restarts, and does not come back.
            cluster.silent = ["SEP1"]
            looks += 1
        }
        try change.runAll(.run, RunContext(isInterrupted: { looks >= 3 }))
        let record = try ChangeRecord(change)
        #expect(record.state == .finished && record.phones.contains { $0.result == .notKnown && $0.phones == ["SEP1"] })
    }

    /// Control-C before every step: undone before the commit, left with the new file after it.
    @Test(arguments: 1...10) func anInterruptionIsLikeAFailure(step: Int) throws {
        let change = try plan()
        var begun = 0
        let failure = #expect(throws: StepFailure.self) {
            try change.runAll(
                .run,
                RunContext(observe: { if case .began = $0 { begun += 1 } }, isInterrupted: { begun == step }))
        }
        #expect((failure?.cause as? MigrationError)?.code == .interrupted)
        let isCommitted = step > 7
        #expect(failure?.isAfterCommit == isCommitted)
        #expect(cluster.store.isEmpty != isCommitted)
        let expected = isCommitted ? try change.newFile() : oldFile
        #expect(files() == [expected, expected])
    }

    @Test func aNodeThatServesOtherBytesIsPutBack() throws {
        cluster.corrupt = { [oldFile] node, file, bytes in
            node == "sub" && file == "CTLFile.tlv" && bytes != oldFile ? bytes.dropLast() + [0xff] : bytes
        }
        let failure = #expect(throws: StepFailure.self) { try plan().runAll() }
        #expect((failure?.cause as? MigrationError)?.code == .readBackDiffers)
        #expect(files() == [oldFile, oldFile])
        #expect(cluster.store.isEmpty)
    }

    @Test func whatCannotBePutBackIsSaidAndTriedAgain() throws {
        var deployments = 0
        cluster.onChange = { change in
            if change.hasPrefix("deploy") { deployments += 1 }
            if deployments > 1, change.hasPrefix("deploy") { throw MemoryCluster.Fault(description: "node is down") }
        }
        let failure = #expect(throws: StepFailure.self) { try plan().runAll() }
        #expect(failure?.notUndone.count == 1)
        #expect(failure?.notUndone.first?.localized.contains("pub") == true)
        // Another change has to wait.
        let error = #expect(throws: MigrationError.self) { try plan().begin(.test()) }
        #expect(error?.code == .unfinishedChange)
        cluster.onChange = { _ in }
        // The record says which step it was, by codes.
        let record = try ChangeRecord(journal: folder.journal(), backups: folder.state)
        #expect(record.failure?.step == "deploy" && record.failure?.code == "read-back-differs")
        #expect(record.failure?.text.localized.contains("pub") == true && record.failure?.next.count == 1)
        #expect(record.tvs.map(\.code) == [.vouches])
        let change = try situation.takeUp(cluster, in: folder)
        try change.rollBackAll()
        #expect(files() == [oldFile, oldFile] && cluster.store.isEmpty)
        #expect(try Journal.open(folder.journal()).state.outcome == .rolledBack)
    }

    /// What would be undone is exactly what is then undone, and looking changes nothing.
    @Test(arguments: Situation.all) func theWayBackIsShownBefore(situation: Situation) throws {
        let cluster = try situation.cluster()
        try situation.plan(cluster, in: folder).runAll()
        let (changes, records) = (cluster.changes, try Journal.read(folder.journal()).count)
        let change = try situation.takeUp(cluster, in: folder)
        let plan = try change.planRollback(change.forecastOfRollback())
        #expect(cluster.changes == changes)
        #expect(try Journal.read(folder.journal()).count == records)
        #expect(plan.steps.filter { !$0.id.rawValue.hasSuffix("after-rollback") }.allSatisfy { !$0.texts.isEmpty })
        var undone: [String] = []
        var numbers: [String] = []
        try change.rollBackAll(
            RunContext(observe: { event in
                switch event {
                case .undoing(let title): undone.append(title.localized)
                case .began(let number, let count, _): numbers.append("\(number)/\(count)")
                default: break
                }
            }))
        #expect(plan.steps.dropLast(3).map { String($0.title.localized.dropFirst("Undo: ".count)) } == undone)
        #expect(numbers == ["1/3", "2/3", "3/3"])
        // When repeated, there is nothing left to do.
        #expect(try situation.takeUp(cluster, in: folder).planRollback(nil).steps.isEmpty)
    }

    @Test func whatSomebodyElseChangedIsNotTouched() throws {
        let change = try plan()
        try change.begin(.test())
        let other = try Situation.tokenFile()
        cluster.files["sub"]?["CTLFile.tlv"] = other
        let error = #expect(throws: MigrationError.self) {
            try situation.takeUp(cluster, in: folder).checkWorld()
        }
        #expect(error?.code == .worldChanged && error?.text.localized.contains("node sub") == true)
        cluster.files["sub"]?["CTLFile.tlv"] = oldFile
        cluster.release = "11.5.1.1-1"
        #expect(throws: MigrationError.self) { try situation.takeUp(cluster, in: folder).checkWorld() }
    }

    /// A saved plan only runs on the same cluster state.
    @Test func aSavedPlanRunsOnTheSameWorldOnly() throws {
        let path = folder.path + "/plan.json"
        try plan().plan.write(to: path)
        #expect(throws: FileError.self) { try plan().plan.write(to: path) }
        let saved = try ChangePlan.read(path)
        #expect(saved == (try plan().plan))
        func code() -> MigrationError.Code? {
            do {
                _ = try Change(.saved(saved), of: cluster, state: folder.state)
                return nil
            } catch { return (error as? MigrationError)?.code }
        }
        #expect(code() == nil)
        cluster.store.append(Situation.first)
        #expect(code() == .worldChanged)
        cluster.store = []
        let other = cluster.files["sub"]?["ITLFile.tlv"]
        cluster.files["pub"]?["ITLFile.tlv"] = other
        #expect(code() == .worldChanged)
        for text in ["", "{}", "[1]", "{\"schema\":\"x\"}"] {
            try Files.write(Array(text.utf8), to: path, replacing: true)
            let error = #expect(throws: MigrationError.self) { try ChangePlan.read(path) }
            #expect(error?.code == .planUnusable && error?.text.localized.contains(path) == true)
        }
    }

    @Test func badStartsAreRefused() throws {
        func code(_ tokens: [ChangePlan.Token]? = nil, _ kind: Situation? = nil) -> String? {
            do {
                _ = try (kind ?? situation).plan(cluster, in: folder, tokens: tokens)
                return nil
            } catch { return (error as? any UserError)?.codeName }
        }
        #expect(code([Situation.tokens[0]]) == "unusable-tokens")
        #expect(code([Situation.tokens[0], Situation.tokens[0]]) == "unusable-tokens")
        cluster.release = "9.1.2.10000-28"
        for kind in Situation.all where !kind.usesTokens || kind.kind == .setMixedMode {
            #expect(code(nil, kind) == "not-applicable", "\(kind.testDescription)")
        }
        #expect(code() == nil)
        cluster.files["sub"]?["CTLFile.tlv"] = nil
        #expect(code() == "inconsistent-files")
        cluster.nodes = []
        #expect(code() == "inconsistent-files")
        cluster.nodes = ["pub", "sub"]
        cluster.files["sub"]?["CTLFile.tlv"] = oldFile.dropLast() + [1]
        #expect(code() == "inconsistent-files")
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = Array(oldFile.dropLast(9)) }
        #expect(code() == "present-file-invalid")
        var flipped = oldFile
        flipped[oldFile.count - 100] ^= 1
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = flipped }
        #expect(code() == "present-file-invalid")
        cluster.mode = .nonSecure
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = oldFile }
        #expect(code() == "not-mixed-mode")
    }
}
