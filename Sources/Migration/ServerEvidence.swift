import Basics
import Cluster
import Configuration
import Messages
import Operations
import TrustList
import X509

/// What the cluster itself says about its servers: which ones there are, and the certificates that they have now. Read
/// once, on first use.
final class ServerEvidence {
    /// What became of a server's record.
    enum Standing {
        /// It has the certificate that the server has now.
        case current
        case outdated(Authenticated<Certificate>)
        /// It contains none, so there is nothing to compare.
        case empty
        /// The cluster's database has no such server.
        case foreign
        /// It cannot be determined which certificate the server has now; the text says why.
        case unproven(LocalizableText)
    }

    private struct Server {
        /// Names and addresses, as the cluster spells them.
        var names: [String]
        /// Its name in the configuration; nil if it is not there.
        var node: String?
    }

    private let cluster: any ClusterAccess
    private var servers: [Server]?
    private var certificates: [String: Result<NodeCertificates, ClusterError>]?

    init(_ cluster: any ClusterAccess) { self.cluster = cluster }

    var publisher: String { cluster.publisher }

    /// Has the nodes queried again on next use.
    func forgetCertificates() { certificates = nil }

    func standing(of record: Record) throws -> Standing {
        guard let server = try server(of: record) else { return .foreign }
        guard let held = record.certificate else { return .empty }
        let unit = record.role == .capf ? "CAPF" : "CallManager"
        let name = record.dnsName ?? ""
        guard let node = server.node else {
            return .unproven(localized("\(name) is not in the configuration, so it cannot be asked"))
        }
        switch try certificate(unit, of: node) {
        case .success(let own): return own.value.der == held ? .current : .outdated(own)
        case .failure(let missing): return .unproven(missing.why)
        }
    }

    /// A node's own certificate, as it shows it; or why it does not.
    ///
    /// - Throws: the error of a node that could not be asked.
    func certificate(
        _ unit: String, of node: String
    ) throws -> Result<Authenticated<Certificate>, MissingCertificate> {
        switch try allCertificates()[node] {
        case .success(let all)?:
            return all[unit].map { .success($0) }
                ?? .failure(
                    MissingCertificate(why: localized("\(node) shows no \(unit) certificate (show cert own)")))
        case .failure(let error)? where [.notSupported, .unexpectedAnswer].contains(error.code):
            return .failure(MissingCertificate(why: error.clause))
        case .failure(let error)?: throw error
        case nil: return .failure(MissingCertificate(why: localized("\(node) was not asked")))
        }
    }

    /// The node of a record, by its name in the configuration; nil if it is not there.
    func node(of record: Record) throws -> String? { try server(of: record)?.node }

    /// A node's IPv4 address, as the cluster knows it; nil if it does not say.
    func address(of node: String) throws -> [UInt8]? {
        try allServers().first { $0.node == node }?.names.lazy.compactMap { name -> [UInt8]? in
            let bytes = name.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
            return bytes.count == 4 && name.split(separator: ".").count == 4 ? bytes : nil
        }.first
    }

    private func server(of record: Record) throws -> Server? {
        let name: String
        if let dnsName = record.dnsName, !dnsName.isEmpty {
            name = dnsName
        } else if let address = record.ipAddress, address != [0, 0, 0, 0] {
            name = address.map(String.init).joined(separator: ".")
        } else {
            return nil
        }
        return try allServers().first { server in server.names.contains { HostName.areSame($0, name) } }
    }

    private func allServers() throws -> [Server] {
        if let servers { return servers }
        let all = try cluster.serverNames().map { names in
            let node = names.lazy.compactMap(self.cluster.nodeName(of:)).first
            return Server(names: names + [node].compactMap(\.self), node: node)
        }
        servers = all
        return all
    }

    private func allCertificates() throws -> [String: Result<NodeCertificates, ClusterError>] {
        if let certificates { return certificates }
        let all = try cluster.ownCertificates()
        certificates = all
        return all
    }
}

/// A record that would be in a new file although the command does not name its token, or the cluster does not know its
/// server.
public struct ForeignRecord: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        case token, server
    }

    public let kind: Kind
    /// The token's name, or the server's name or address.
    public let name: String
    public let role: String?
    public let serialNumber, sha1: String?

    init(_ record: Record) {
        kind = record.role == .sast ? .token : .server
        name = record.role == .sast ? record.tokenName : record.dnsName ?? "?"
        role = record.role?.name
        let certificate = record.x509
        serialNumber = certificate?.serialNumber.hex ?? record.serialNumber?.hex
        sha1 = certificate?.sha1.hex
    }

    /// The tokens of a file, as people may name them.
    public static func tokens(in list: TrustListFile) -> [ForeignRecord] {
        list.records.filter { $0.isToken && $0.x509 != nil }.map(ForeignRecord.init)
    }

    /// Whether one of these is its name, serial number or SHA-1.
    func isNamed(by wanted: [String]) -> Bool {
        func plain(_ text: String) -> String { text.lowercased().filter { $0 != ":" } }
        let plainly = Set(wanted.map(plain))
        if [name, serialNumber, sha1].compactMap(\.self).contains(where: { plainly.contains(plain($0)) }) {
            return true
        }
        let numbers = Set(wanted.compactMap(Self.number))
        return [serialNumber, sha1].compactMap { $0.flatMap(Self.number) }.contains(where: numbers.contains)
    }

    /// A hexadecimal number as people and programs write it (`0x03`, `3C:F9:27`, `3C F9 27`), without what may differ; nil
    /// if the text is not one.
    private static func number(_ text: String) -> String? {
        var digits = text.lowercased()
        if digits.hasPrefix("0x") { digits.removeFirst(2) }
        digits.removeAll { ": -".contains($0) }
        guard !digits.isEmpty, digits.allSatisfy(\.isHexDigit) else { return nil }
        return String(digits.drop { $0 == "0" })
    }

    /// `token SAST-ADN008580ef (serial number ..., SHA-1 ...)`
    public var text: LocalizableText {
        let number = serialNumber?.asSerialNumber ?? "-"
        let sum = sha1 ?? "-"
        return switch kind {
        case .token: localized("token \(name) (serial number \(number), SHA-1 \(sum))")
        case .server: localized("server \(name) with the role \(role ?? "?") (serial number \(number), SHA-1 \(sum))")
        }
    }
}

extension ChangePlan.Settings {
    /// Whether the user specified that a record stays: by its name, serial number or SHA-1.
    func keeps(_ record: ForeignRecord) -> Bool { record.isNamed(by: kept) }

    /// Whether the user specified that this token leaves the file: by its name, serial number or SHA-1. Servers cannot
    /// be dropped: phones would no longer trust them.
    func drops(_ record: Record) -> Bool { record.isToken && ForeignRecord(record).isNamed(by: dropped) }
}

extension Change {
    /// Records of the current file that nobody named and the cluster does not know, in the order of the file.
    public func foreignRecords() throws -> [ForeignRecord] {
        guard let (base, _) = signing else { return [] }
        return try foreignRecords(servers: base == .before ? survey.present : nil)
    }

    private var signing: (base: PlannedStep.BaseFile, servers: PlannedStep.ServerRecords)? {
        (plan.signing(of: .new) ?? plan.signing(of: .introduction)).map { ($0.base, $0.servers) }
    }

    /// - Parameter servers: the file from which the server records come, if it is known.
    private func foreignRecords(servers: TrustListFile?) throws -> [ForeignRecord] {
        let tokens = survey.present?.records.filter { record in
            record.isToken && !certificates.contains { $0.der == record.certificate }
                && !plan.settings.drops(record)
        }
        let foreign = try servers?.records.filter { record in
            guard record.role != .sast, case .foreign = try survey.servers.standing(of: record) else { return false }
            return true
        }
        return ((tokens ?? []) + (foreign ?? [])).map(ForeignRecord.init)
    }

    /// Those that the user has not said to keep.
    public func unnamedRecords() throws -> [ForeignRecord] {
        try foreignRecords().filter { !plan.settings.keeps($0) }
    }

    private static func advice(on foreign: [ForeignRecord]) -> LocalizableText {
        func options(_ option: String, _ records: [ForeignRecord]) -> String {
            records.map { Shell.option(option, $0.sha1 ?? $0.name) }.joined(separator: " ")
        }
        let tokens = foreign.filter { $0.kind == .token }
        guard !tokens.isEmpty else {
            return localized("If they belong into the file, add \(options("--keep", foreign)).")
        }
        return localized(
            "Specify the tokens with --token, or, if they belong there, keep them: add \(options("--keep", foreign)). A token that is lost has to leave the file: \(options("--drop", tokens))."
        )
    }

    /// Makes sure that what the token would sign is what the user named and the cluster has.
    ///
    /// - Parameter base: the file from which the server records come; by default the one from before the change, if they
    ///   come from it.
    /// - Throws: ``MigrationError`` (`foreign-records`, `outdated-records`, `unproven`).
    func checkRecords(of base: TrustListFile? = nil) throws {
        guard let (source, mode) = signing else { return }
        let base = base ?? (source == .before ? survey.present : nil)
        let foreign = try foreignRecords(servers: base).filter { !plan.settings.keeps($0) }
        guard foreign.isEmpty else {
            throw MigrationError(
                .foreignRecords,
                localized(
                    "The new file would also contain \(foreign.map(\.text).list), which the command does not name or the cluster's database does not know."
                ),
                next: Self.advice(on: foreign))
        }
        for record in base?.records ?? [] where record.role != .sast {
            if mode == .emptied, record.role == .ccmTFTP { continue }
            let name = record.dnsName ?? "?"
            switch try survey.servers.standing(of: record) {
            case .current, .empty, .foreign: break
            case .outdated(let own):
                guard mode == .kept else { continue }
                throw MigrationError(
                    .outdatedRecords,
                    localized(
                        "The record of \(name) in the CTL file holds the certificate with SHA-1 \(Digest.sha1(record.certificate ?? []).hex), but the server has another one now (SHA-1 \(own.value.sha1.hex), \(own.proof.text))."
                    ),
                    next: localized(
                        "Bring the file up to date first: etoken-bridge migrate update-certificates --cluster \(word: plan.cluster)"
                    ))
            case .unproven(let why):
                guard !plan.settings.acceptsUnproven else { continue }
                throw MigrationError(
                    .unproven,
                    localized(
                        "Nothing proves that the certificate in the record of \(name) is the one that the server has now: \(why)."
                    ),
                    next: localized(
                        "Compare it by hand with show cert own on the server. If it is the same, add \(EvidenceError.option)."
                    ))
            }
        }
    }
}
