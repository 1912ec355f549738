import Foundation
import ServerFixtures
import Testing
import TrustList

/// A change meets every fault of the lab, on either node: the result that the program promises.
@Suite(.waiting, .timeLimit(.minutes(10))) struct MigrationFaults {
    enum Outcome {
        /// Nothing is started, and the cluster is as it was.
        case notBegun(status: Int32)
        /// It cannot continue, and restores everything by itself.
        case rolledBack(status: Int32)
        /// It succeeds as if nothing had happened.
        case finished
        /// It can neither continue nor restore everything while the fault lasts: another run does.
        case leftToAnotherRun
    }

    struct Case: CustomTestStringConvertible {
        let fault: String
        let node: String
        let outcome: Outcome

        var testDescription: String { "\(fault) on \(node)" }
    }

    /// Those that take longest come first.
    static let cases: [Case] = [
        ("slow", .finished, .finished), ("slow-start", .finished, .finished),
        // A subscriber whose uploads are cut cannot be given the old file either; at the publisher it is the first upload.
        ("cut-upload", .leftToAnotherRun, .rolledBack(status: 6)),
        ("cut-answer", .finished, .finished),
        ("session-expired", .rolledBack(status: 1), .rolledBack(status: 1)),
        ("disk-full", .rolledBack(status: 1), .rolledBack(status: 1)),
        ("down", .notBegun(status: 6), .notBegun(status: 6)),
        ("login-refused", .notBegun(status: 7), .notBegun(status: 7)),
        ("password-expired", .notBegun(status: 7), .notBegun(status: 7)),
        ("expired-in-shell", .notBegun(status: 7), .notBegun(status: 7)),
        // A subscriber's web pages are tried before the question.
        ("too-many-logins", .notBegun(status: 8), .notBegun(status: 7)),
        ("tls-key", .notBegun(status: 8), .notBegun(status: 7)),
        ("ssh-key", .notBegun(status: 7), .notBegun(status: 7)),
        ("replication", .notBegun(status: 8), .notBegun(status: 8)),
        ("dns", .finished, .finished), ("rest-refusal", .finished, .finished), ("expiring", .finished, .finished),
    ].flatMap { (fault: String, subscriber: Outcome, publisher: Outcome) in
        [
            Case(fault: fault, node: Rehearsal.subscriber, outcome: subscriber),
            Case(fault: fault, node: Rehearsal.publisher, outcome: publisher),
        ]
    }

    @Test(arguments: cases) func isAsPromised(_ test: Case) throws {
        let rehearsal = try Rehearsal()
        let old = try state(of: rehearsal)
        func rollBack() throws {
            let back = try rehearsal.bridge("migrate", "rollback", "--cluster", "lab", "--yes", "--accept-stranded")
            #expect(back.status == 0, "\(back.errors)")
            #expect(try state(of: rehearsal) == old)
        }

        try rehearsal.fault(test.node, test.fault)
        let result = try rehearsal.migrate()
        let place: Comment = "status \(result.status), \(result.errors)"
        #expect(!result.errors.contains("Fatal"), place)
        let document = try status(rehearsal)
        switch test.outcome {
        case .notBegun(let status):
            #expect(result.status == status && document == nil, place)
            #expect(try state(of: rehearsal) == old, place)
        case .rolledBack(let status):
            #expect(result.status == status && document == "rolled-back", place)
            #expect(try state(of: rehearsal) == old, place)
        case .finished:
            #expect(result.status == 0 && document == "finished", place)
            try expectNew(rehearsal)
        case .leftToAnotherRun:
            #expect(result.status == 8 && document == "rolling-back", place)
            #expect(result.errors.contains("etoken-bridge migrate rollback --cluster lab\n"), place)
            #expect(!result.errors.replacing("...", with: "").contains(".."), place)
        }
        // Without the fault, another run reaches either end.
        try rehearsal.fault(test.node, "none")
        if case .leftToAnotherRun = test.outcome { try rollBack() }
        if case .finished = test.outcome {
            try rollBack()
        } else {
            let again = try rehearsal.migrate()
            #expect(again.status == 0, "\(again.errors)")
            try expectNew(rehearsal)
        }
    }

    /// What is found beforehand keeps a change from starting, unless the user says that it should.
    @Test(arguments: [Rehearsal.subscriber, Rehearsal.publisher]) func despiteFindings(node: String) throws {
        let rehearsal = try Rehearsal()
        try rehearsal.fault(node, "replication")
        let result = try rehearsal.migrate()
        #expect(result.status == 8 && result.errors.contains("is in state"), "\(result.errors)")
        let despite = try rehearsal.migrate("--despite-findings")
        #expect(despite.status == 0, "\(despite.errors)")
        try expectNew(rehearsal)
    }

    /// Everything is new: the same file everywhere, signed by a token.
    private func expectNew(_ rehearsal: Rehearsal) throws {
        let new = try #require(rehearsal.ctlFile(Rehearsal.publisher))
        #expect(rehearsal.ctlFile(Rehearsal.subscriber) == new)
        #expect(try TrustListFile(decoding: new).signerRecord?.isToken == true)
    }

    private func state(of rehearsal: Rehearsal) throws -> [String: [UInt8]] {
        try rehearsal.clusterState().filter { !$0.key.hasPrefix("phones/") }
    }

    /// The outcome of the latest change; nil if none was started.
    private func status(_ rehearsal: Rehearsal) throws -> String? {
        let result = try rehearsal.bridge("migrate", "status", "--cluster", "lab", "--json")
        guard result.status == 0 else { return nil }
        let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return document?["state"] as? String
    }
}
