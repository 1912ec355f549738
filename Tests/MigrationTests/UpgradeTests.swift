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

/// The checklist before an upgrade: what an upgrade leaves behind is found before it.
@Suite(.timeLimit(.minutes(5))) struct UpgradeTests {
    private let folder = Folder()
    private static let recovery = Situation.certificate("ITLRECOVERY_cucm-pub", 11, Situation.publisherKey)

    /// A file that the cluster signed with its ITLRecovery certificate, or a token.
    private func cluster(byToken: Bool = false, release: String = "11.5.1.10000-6") throws -> MemoryCluster {
        let cluster = try Situation.all[byToken ? 1 : 0].cluster()
        cluster.release = release
        cluster.certificates["pub"] = ["CallManager": Situation.publisher, "ITLRecovery": Self.recovery]
        if !byToken {
            let file = try Situation.file(
                "CTLFile.tlv",
                Situation.records([
                    (Situation.publisher, .sast, "cucm-pub", 11), (Situation.publisher, .ccmTFTP, "cucm-pub", 11),
                    (Situation.subscriber, .ccmTFTP, "cucm-sub", 12), (Self.recovery, .sast, "cucm-pub", 11),
                ]))
            for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = file }
            for phone in cluster.fleet { cluster.held[phone.name] = file }
        }
        return cluster
    }

    private func check(_ cluster: MemoryCluster, to release: String, now: Int64 = 1_800_000_000) throws -> UpgradeCheck
    {
        try UpgradeCheck(
            of: cluster, target: #require(ClusterVersion(release)), state: folder.state, now: now)
    }

    private func item(
        _ code: String, _ cluster: MemoryCluster, to release: String = "12.0"
    ) throws -> Checklist.Item {
        try #require(check(cluster, to: release).items.first { $0.code == code })
    }

    @Test(arguments: [false, true]) func aSoundClusterIsReady(byToken: Bool) throws {
        let cluster = try cluster(byToken: byToken)
        let check = try check(cluster, to: "12.0")
        #expect(
            check.items.map(\.code) == [
                "cluster", "no-unfinished-change", "file", "signers", "server-certificates", "itlrecovery", "tokens",
                "phones", "compare", "trust-expired", "keys", "licence", "backup", "sample",
            ])
        #expect(check.list.isReady, "\(check.items.filter { $0.state == .failed })")
        #expect(
            check.items.filter { $0.state == .byHand }.map(\.code) == ["compare", "licence", "backup", "sample"])
        #expect(check.list.html().contains("Upgrade of cluster memory from 11.5.1.10000-6 to 12.0"))
        #expect(cluster.changes.isEmpty && Files.names(in: folder.path + "/state").isEmpty)
    }

    @Test func onlyANewerReleaseIsAnUpgrade() throws {
        for release in ["9.1", "11.5", "11.5.1.10000-6", "11.0"] {
            let error = #expect(throws: MigrationError.self) { try check(cluster(), to: release) }
            #expect(error?.code == .notApplicable && error?.text.localized.contains("not newer") == true)
        }
        for release in ["11.5.1.10000-7", "12.0", "15.0"] { _ = try check(cluster(), to: release) }
    }

    @Test func problemsOfTheClusterAndUnfinishedChangesFail() throws {
        let cluster = try cluster(byToken: true)
        cluster.problems = [
            StatusFinding(
                code: .replicationBroken, severity: .error, node: "sub", text: .verbatim("Replication is broken."),
                next: [])
        ]
        #expect(try item("cluster", cluster).state == .failed)
        cluster.problems = []
        #expect(try item("cluster", cluster).state == .proven && item("no-unfinished-change", cluster).state == .proven)
        let change = try Situation.all[1].plan(cluster, in: folder)
        try change.begin(.test())
        #expect(try item("no-unfinished-change", cluster).text == .verbatim(change.plan.id))
    }

    @Test func aSignerThatIsNotTheNodesOwnFails() throws {
        let cluster = try cluster()
        #expect(try item("signers", cluster).text.localized.contains(Self.recovery.sha1.hex))
        let other = Situation.certificate("ITLRECOVERY_cucm-pub", 12, Situation.publisherKey)
        cluster.certificates["pub"]?["ITLRecovery"] = other
        let stale = try item("signers", cluster)
        #expect(stale.state == .failed && stale.text.localized.contains("former ITLRecovery certificate"))
        #expect(stale.text.localized.contains(other.sha1.hex))
        #expect(stale.next == ClusterStatus.localKeyAdvice && stale.next.first?.localized.contains("localkey") == true)
        cluster.certificates["pub"] = ["CallManager": Situation.renewed, "ITLRecovery": Self.recovery]
        let manager = try item("signers", cluster)
        #expect(manager.state == .failed && manager.text.localized.contains("former CallManager certificate"))
        #expect(try item("server-certificates", cluster).next == manager.next)
        // Nobody says which it is: not proven, and not refuted.
        cluster.certificates["pub"] = ["CallManager": Situation.publisher]
        let unknown = try item("signers", cluster)
        #expect(unknown.state == .byHand && unknown.text.localized.contains("ITLRecovery certificate is not known"))
    }

    @Test func staleServersAreRenewedByTheTokensOfTheFile() throws {
        let cluster = try cluster(byToken: true)
        cluster.certificates["sub"] = ["CallManager": Situation.renewed]
        let servers = try item("server-certificates", cluster)
        #expect(
            servers.state == .failed
                && servers.next == [
                    .verbatim(
                        "etoken-bridge migrate update-certificates --cluster memory --token SAST-ADN0054f509 --token SAST-ADN008580ef"
                    )
                ])
    }

    /// FN70613: 12.5 before SU3, where the cluster signs.
    @Test(arguments: [
        ("12.0", false), ("12.5", true), ("12.5.1.11900", true), ("12.5.1.12900-115", true), ("12.5.1.13900", false),
        ("12.5.1.14900-63", false), ("14.0", false),
    ])
    func anUpgradeThatRegenerates(release: String, warns: Bool) throws {
        let own = try item("itlrecovery", cluster(), to: release)
        #expect((own.state == .byHand) == warns && own.text.localized.contains("FN70613"))
        #expect(try item("itlrecovery", cluster(byToken: true), to: release).state == .proven)
    }

    /// 14 SU3 and later; a release in short form may be one of them.
    @Test(arguments: [
        ("12.5", false), ("14.0.1.12900-161", false), ("14.0", true), ("14.0.1.13900-155", true), ("15.0", true),
    ])
    func aReleaseWithoutTokens(release: String, warns: Bool) throws {
        let token = try item("tokens", cluster(byToken: true), to: release)
        #expect((token.state == .byHand) == warns)
        #expect(token.text.localized.contains("migrate to-tokenless") == warns)
        #expect(try item("tokens", cluster(), to: release).state == .proven)
    }

    @Test(arguments: [
        ("12.0", false), ("12.5.1.15900-66", false), ("12.5", true), ("12.5.1.16900-48", true),
        ("14.0.1.11900-132", false), ("14.0", true), ("14.0.1.12900-161", true), ("15.0", true),
    ])
    func expiredTrust(release: String, drops: Bool) throws {
        let cluster = try cluster()
        #expect(try item("trust-expired", cluster, to: release).state == .proven)
        cluster.store = [
            try CertificateBuilder(
                subject: DistinguishedName(["CN": "old-token"]), serialNumber: [7], notBefore: 0,
                notAfter: 1_700_000_000
            ).selfSigned(by: Situation.tokenKey), Situation.first,
        ]
        let expired = try item("trust-expired", cluster, to: release)
        #expect((expired.state == .failed) == drops && expired.text.localized.contains("old-token in Phone-SAST-trust"))
        #expect(!expired.text.localized.contains("SAST-ADN"))
    }

    /// The command line describes certificates without their dates.
    @Test func whatHasNoDateIsLookedAtByHand() throws {
        let cluster = try cluster()
        (cluster.store, cluster.onlyDescribes) = ([Situation.first], true)
        let undated = try item("trust-expired", cluster, to: "14.0")
        #expect(undated.state == .byHand && undated.text.localized.contains("trust list --cluster memory"))
    }

    /// The other direction, with the same interface: what is described is there.
    @Test func aDescribedTokenIsInTheStore() throws {
        let cluster = try cluster(byToken: true)
        (cluster.store, cluster.onlyDescribes) = ([Situation.first, Situation.second], true)
        func trusted() throws -> Checklist.Item.State? {
            try DowngradeCheck(
                of: cluster, target: #require(ClusterVersion("9.1")), tokens: [], state: folder.state
            ).items.first { $0.code == "trusted" }?.state
        }
        #expect(try trusted() == .proven)
        cluster.store = [Situation.first]
        #expect(try trusted() == .failed)
    }

    @Test func aKeyThatCannotSignFails() throws {
        let cluster = try cluster()
        let keys = try item("keys", cluster)
        #expect(keys.state == .proven && keys.text.localized.contains("CallManager of sub: RSA of 1024 bits"))
        let key = try PrivateKey.generate(bits: 3072)
        cluster.certificates["sub"] = ["CallManager": Situation.certificate("cucm-sub", 13, key)]
        let bad = try item("keys", cluster)
        #expect(bad.state == .failed && bad.text.localized == "CallManager of sub: RSA of 3072 bits")
        cluster.certificates["sub"] = [:]
        #expect(try item("keys", cluster).state == .byHand)
    }

    @Test func phonesThatHoldSomethingElseFail() throws {
        let cluster = try cluster()
        let other = try Situation.tokenFile()
        cluster.held["SEP3"] = other
        let check = try check(cluster, to: "12.0")
        let phones = try #require(check.items.first { $0.code == "phones" })
        #expect(phones.state == .failed && phones.next.first?.localized.contains("before the upgrade") == true)
        #expect(check.list.stranded.flatMap(\.phones) == ["SEP3"])
    }

    @Test func withoutAFile() throws {
        let cluster = try cluster()
        for node in cluster.nodes { cluster.files[node]?["CTLFile.tlv"] = nil }
        let missing = try item("file", cluster)
        #expect(
            missing.state == .failed
                && missing.next == [.verbatim("etoken-bridge migrate to-tokenless --cluster memory")])
        cluster.mode = .nonSecure
        let check = try check(cluster, to: "12.0")
        #expect(check.list.isReady && check.items.first { $0.code == "file" }?.state == .proven)
        #expect(!check.items.contains { ["phones", "sample", "compare"].contains($0.code) })
    }
}
