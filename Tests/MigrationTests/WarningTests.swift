import Basics
import Messages
import Operations
import Testing

@testable import Migration

/// What a plan warns about before anything is signed.
@Suite(.timeLimit(.minutes(5))) struct WarningTests {
    private let folder = Folder()

    private func change(_ kind: ChangeKind, tokens: Bool, release: String) throws -> Change {
        let situation = Situation(kind: kind, usesTokens: tokens)
        let cluster = try situation.cluster()
        cluster.release = release
        cluster.certificates["pub"]?["ITLRecovery"] = Situation.certificate(
            "ITLRECOVERY_cucm-pub", 11, Situation.publisherKey)
        return try situation.plan(cluster, in: folder)
    }

    @Test(arguments: [
        ("12.5.1.18900-40", false), ("14.0.1.12900-161", false), ("14.0.1.13900-155", true), ("15.0.1.10000-32", true),
    ])
    func tokensOnReleasesWithoutThem(release: String, warns: Bool) throws {
        for kind in [ChangeKind.toEtoken, .updateCertificates, .setNonSecureMode, .setMixedMode] {
            let change = try change(kind, tokens: true, release: release)
            #expect(try ChangeRecord(change).findings.map(\.code) == (warns ? [.tokensNotSupported] : []), "\(kind)")
            // A warning stops nothing.
            try change.checkFindings()
            #expect(try change.findings.isEmpty || ChangeRecord(change).html.contains("seen nowhere yet"))
        }
        #expect(try ChangeRecord(change(.toTokenless, tokens: false, release: release)).findings.isEmpty)
    }

    /// JTAPI clients know the signers of the file that they hold, and nothing else.
    @Test func clientsOutsideTheForecast() throws {
        let new = try ChangeRecord(change(.toEtoken, tokens: true, release: "10.5.1.10000-7"))
        #expect(new.clientAdvice?.localized.contains("JTAPI") == true && new.html.contains("JTAPI"))
        let known = try ChangeRecord(change(.updateCertificates, tokens: true, release: "10.5.1.10000-7"))
        #expect(known.clientAdvice == nil)
        let first = try ChangeRecord(change(.setMixedMode, tokens: true, release: "10.5.1.10000-7"))
        #expect(first.clientAdvice == nil)
    }
}
