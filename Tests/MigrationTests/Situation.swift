import Basics
import Cluster
import Foundation
import Phones
import Testing
import TrustList
import X509

@testable import Migration

/// A cluster in memory before a change, and the change to be made to it.
struct Situation: Sendable, CustomTestStringConvertible {
    let kind: ChangeKind
    let usesTokens: Bool
    /// Whether phones take a file first that names the new signer.
    var introduces = false

    var testDescription: String {
        "\(kind.rawValue)\(usesTokens ? " by tokens" : "")\(introduces ? ", introduced" : "")"
    }

    static let all = [
        Situation(kind: .toEtoken, usesTokens: true), Situation(kind: .toTokenless, usesTokens: false),
        Situation(kind: .updateCertificates, usesTokens: true), Situation(kind: .updateCertificates, usesTokens: false),
        Situation(kind: .setMixedMode, usesTokens: true), Situation(kind: .setMixedMode, usesTokens: false),
        Situation(kind: .setNonSecureMode, usesTokens: true), Situation(kind: .setNonSecureMode, usesTokens: false),
    ]

    /// Those that earlier versions did not have: one token is lost and the other one signs; or both are, and the cluster
    /// does.
    static let replacements = [
        Situation(kind: .replaceToken, usesTokens: true), Situation(kind: .replaceToken, usesTokens: false),
    ]

    static let introducing = [
        Situation(kind: .toEtoken, usesTokens: true, introduces: true),
        Situation(kind: .toTokenless, usesTokens: true, introduces: true),
        Situation(kind: .updateCertificates, usesTokens: false, introduces: true),
    ]

    static let recoveryKey = try! PrivateKey.generate(bits: 1024)
    static let recovery = certificate("ITLRECOVERY_cucm-pub", 7, recoveryKey)
    static let formerKey = try! PrivateKey.generate(bits: 1024)
    static let former = certificate("cucm-pub", 8, formerKey)
    static let everything = all + replacements + introducing
    static let publisherKey = try! PrivateKey.generate(bits: 1024)
    static let tokenKey = try! PrivateKey.generate(bits: 2048)
    static let publisher = certificate("cucm-pub", 1, publisherKey)
    static let renewed = certificate("cucm-sub", 9, tokenKey)
    static let subscriber = certificate("cucm-sub", 5, publisherKey)
    static let tvs = certificate("tvs", 2, publisherKey)
    static let first = certificate("SAST-ADN0054f509", 3, tokenKey)
    static let second = certificate("SAST-ADN008580ef", 4, tokenKey)
    static let third = certificate("SAST-ADN00999999", 20, tokenKey)

    static func certificate(_ name: String, _ serial: UInt8, _ key: PrivateKey) -> Certificate {
        try! CertificateBuilder(
            subject: DistinguishedName(["CN": name]), serialNumber: [serial], notBefore: 0, notAfter: 4_000_000_000
        ).selfSigned(by: key)
    }

    static func records(_ entries: [(Certificate, Role, String, UInt8)]) throws -> [Record] {
        try entries.map {
            try Record(
                certificate: $0.0, role: $0.1, dnsName: $0.2, ipAddress: [127, 1, 2, $0.3], names: .cucm,
                withCertificateSignature: true)
        }
    }

    static func file(_ name: String, _ records: [Record], by token: Bool = false) throws -> [UInt8] {
        try TrustListDraft(fileName: name, timestamp: 1_425_671_113, digest: .sha1, records: records).signed(
            by: SoftwareSigner(certificate: token ? second : publisher, key: token ? tokenKey : publisherKey)
        ).encoded()
    }

    /// What the cluster writes itself.
    static func ownFile(_ mode: SecurityMode, subscriber: Certificate = subscriber) throws -> [UInt8] {
        let records = try records([
            (publisher, .sast, "cucm-pub", 11), (publisher, .ccmTFTP, "cucm-pub", 11),
            (subscriber, .ccmTFTP, "cucm-sub", 12),
        ])
        return try file(
            "CTLFile.tlv", mode == .mixed ? records : records.map { $0.role == .ccmTFTP ? try $0.emptied() : $0 })
    }

    /// A file that names two certificates of the publisher's, besides the subscriber: `callManager` and ITLRecovery.
    static func pairFile(
        _ callManager: Certificate, by signer: (certificate: Certificate, key: PrivateKey)
    ) throws -> [UInt8] {
        let records = try records([
            (callManager, .sast, "cucm-pub", 11), (callManager, .ccmTFTP, "cucm-pub", 11),
            (recovery, .sast, "cucm-pub", 11), (subscriber, .ccmTFTP, "cucm-sub", 12),
        ])
        return try TrustListDraft(fileName: "CTLFile.tlv", timestamp: 1_425_671_113, digest: .sha1, records: records)
            .signed(by: SoftwareSigner(certificate: signer.certificate, key: signer.key)).encoded()
    }

    /// The publisher's CallManager certificate was regenerated, and the cluster's other signer is known to phones.
    private func useFormerCallManager(_ cluster: MemoryCluster) throws {
        cluster.release = "10.5.2.10000-5"
        cluster.certificates = [
            "pub": ["CallManager": Self.publisher, "ITLRecovery": Self.recovery],
            "sub": ["CallManager": Self.subscriber],
        ]
        cluster.ownFile = { _ in try Self.pairFile(Self.publisher, by: (Self.publisher, Self.publisherKey)) }
        cluster.otherFile = { try Self.pairFile(Self.publisher, by: (Self.recovery, Self.recoveryKey)) }
        let ctl = try Self.pairFile(Self.former, by: (Self.former, Self.formerKey))
        let itl = try Self.file(
            "ITLFile.tlv",
            Self.records([
                (Self.publisher, .sast, "cucm-pub", 11), (Self.publisher, .ccmTFTP, "cucm-pub", 11),
                (Self.recovery, .sast, "cucm-pub", 11), (Self.tvs, .tvs, "cucm-pub", 11),
            ]))
        for node in cluster.nodes { cluster.files[node] = ["ITLFile.tlv": itl, "CTLFile.tlv": ctl] }
        for phone in cluster.fleet { cluster.held[phone.name] = ctl }
    }

    /// A file that the second token signed.
    static func tokenFile() throws -> [UInt8] {
        let servers = try records([(publisher, .ccmTFTP, "cucm-pub", 11), (subscriber, .ccmTFTP, "cucm-sub", 12)])
        return try file(
            "CTLFile.tlv", [.token(first)] + servers.map { try $0.inCTLClientProfile() } + [.token(second)], by: true)
    }

    func cluster() throws -> MemoryCluster {
        let cluster = MemoryCluster()
        cluster.own = Self.publisher
        cluster.mode = kind == .setMixedMode ? .nonSecure : .mixed
        let isRenewed = kind == .updateCertificates
        let subscriber = isRenewed ? Self.renewed : Self.subscriber
        cluster.ownFile = { try Self.ownFile($0, subscriber: subscriber) }
        cluster.certificates = ["pub": ["CallManager": Self.publisher], "sub": ["CallManager": subscriber]]
        let itl = try Self.file(
            "ITLFile.tlv",
            Self.records([
                (Self.publisher, .sast, "cucm-pub", 11), (Self.publisher, .ccmTFTP, "cucm-pub", 11),
                (Self.tvs, .tvs, "cucm-pub", 11),
            ]))
        let subscriberITL = try Self.file(
            "ITLFile.tlv",
            Self.records([
                (Self.publisher, .sast, "cucm-pub", 11), (subscriber, .ccmTFTP, "cucm-sub", 12),
                (Self.tvs, .tvs, "cucm-pub", 11),
            ]))
        let isByToken =
            kind == .toTokenless || kind == .replaceToken || (usesTokens && kind != .toEtoken && kind != .setMixedMode)
        let ctl = kind == .setMixedMode ? nil : isByToken ? try Self.tokenFile() : try Self.ownFile(.mixed)
        for node in cluster.nodes {
            cluster.files[node] = ["ITLFile.tlv": node == "pub" ? itl : subscriberITL]
            cluster.files[node]?["CTLFile.tlv"] = ctl
        }
        cluster.fleet = [("SEP1", "CP-7975G"), ("SEP2", "CP-8861"), ("SEP3", "CP-7960G")].map {
            Phone(name: $0.0, model: PhoneModel(name: $0.1), address: nil, isRegistered: true)
        }
        for phone in cluster.fleet { cluster.held[phone.name] = ctl }
        if kind == .replaceToken { cluster.store = [Self.first] + (usesTokens ? [] : [Self.second]) }
        cluster.writesTrusted = introduces
        if introduces, kind == .updateCertificates { try useFormerCallManager(cluster) }
        return cluster
    }

    static let tokens = [
        ChangePlan.Token(label: "SAST-ADN0054f509", certificate: first),
        ChangePlan.Token(label: "SAST-ADN008580ef", certificate: second),
    ]

    func plan(
        _ cluster: MemoryCluster, in folder: Folder, accepting: Bool = true, tokens: [ChangePlan.Token]? = nil,
        phoneTimeout: Int = 0, choice: IntroductionChoice? = nil
    ) throws -> Change {
        try Change(
            .new(
                request(
                    in: folder, accepting: accepting, tokens: tokens, phoneTimeout: phoneTimeout, choice: choice)),
            of: cluster, state: folder.state)
    }

    func request(
        in folder: Folder, accepting: Bool = true, tokens: [ChangePlan.Token]? = nil, phoneTimeout: Int = 0,
        choice: IntroductionChoice? = nil
    ) -> ChangeRequest {
        if kind == .replaceToken {
            return ChangeRequest(
                replacing: LostTokens(usesTokens ? ["03"] : ["SAST-ADN0054f509", "04"]),
                with: usesTokens ? [ChangePlan.Token(label: "new", certificate: Self.third)] : [],
                settings: .init(acceptsStranded: accepting, output: folder.path + "/out"),
                phones: .init(timeout: phoneTimeout), now: 1_800_000_000)
        }
        return ChangeRequest(
            kind, tokens: tokens ?? (usesTokens ? Self.tokens : []),
            settings: .init(
                acceptsStranded: accepting, output: folder.path + "/out"), phones: .init(timeout: phoneTimeout),
            introduce: choice ?? (introduces ? .always : .auto), now: 1_800_000_000)
    }

    /// Continues the change whose journal is in a folder.
    func takeUp(_ cluster: MemoryCluster, in folder: Folder) throws -> Change {
        try Change(continuing: Journal.open(folder.journal()), of: cluster, state: folder.state)
    }

    static func signer() throws -> any TrustListSigner { try SoftwareSigner(certificate: second, key: tokenKey) }
}

/// A folder that is removed after the test, or, where a crashed run keeps it, with the process.
final class Folder: Sendable {
    private static let all: String = {
        let path = NSTemporaryDirectory() + "etb-test.migration-\(getpid())"
        try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: Folder.all) }
        return path
    }()

    let path = "\(all)/\(UUID().uuidString)"

    init() { try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var state: StateFolder { StateFolder(path: path + "/state") }

    func journal() throws -> String {
        guard let path = try state.changes(of: "memory").last?.path else {
            throw MemoryCluster.Fault(description: "no journal")
        }
        return path
    }
}

extension JournalRecord.Run {
    static func test(_ purpose: Purpose = .run) -> JournalRecord.Run {
        JournalRecord.Run(purpose: purpose, who: "tester@here", version: "test")
    }
}

extension Change {
    /// Starts or continues, to the end.
    func runAll(_ purpose: JournalRecord.Run.Purpose = .run, _ context: RunContext = RunContext()) throws {
        try begin(.test(purpose))
        try runner(context).run()
    }

    func rollBackAll(_ context: RunContext = RunContext()) throws {
        acceptsStrandedByRollback = true
        try begin(.test(.rollback))
        try runner(context).rollBack()
    }

    /// Of a change that has begun.
    func runner(_ context: RunContext = RunContext()) throws -> ChangeRunner {
        var context = context
        // As the program does: if no token is needed, none is there.
        context.signer = needsToken ? try Situation.signer() : nil
        return ChangeRunner(self, try #require(journal), context)
    }
}
