import Basics
import Cluster
import Configuration
import Messages
import Operations
import Phones
import TrustList
import X509

/// What a cluster needs before it gets another release: what is proven, what is not as it should be, and what is left to do
/// by hand.
public struct Checklist: Encodable, Sendable {
    /// What is to be done.
    public enum Purpose: Sendable { case downgrade, upgrade }

    public struct Item: Codable, Sendable {
        public enum State: String, Codable, Sendable {
            /// Verified on the cluster, now.
            case proven
            /// Found not to be the case.
            case failed
            /// Only a person can check it.
            case byHand = "by-hand"
        }

        /// The code of the point about phones.
        static let phones = "phones"

        /// Stable name: `two-tokens`.
        public let code: String
        public let title: LocalizableText
        public let state: State
        /// What was seen, or what has to be done.
        public let text: LocalizableText
        /// What to do about a failure, a sentence each.
        public let next: [LocalizableText]
    }

    public let purpose: Purpose
    public let cluster, version, target: String
    public let items: [Item]
    /// Phones that would be stranded, by groups.
    public let stranded: [StoredForecast.Group]
    /// The number of the change ticket, and who approved it, as the user said.
    public var ticket, approver: String?
    /// Who had it written, and when.
    public var writtenBy: DocumentAuthor?

    private enum CodingKeys: String, CodingKey {
        case cluster, version, target, items, stranded, ticket, approver, writtenBy
    }

    public var isReady: Bool { !items.contains { $0.state == .failed } }

    init(
        before purpose: Purpose, cluster: String, version: String, target: String, items: [Item],
        stranded: [StoredForecast.Group]
    ) {
        self.purpose = purpose
        (self.cluster, self.version, self.target) = (cluster, version, target)
        (self.items, self.stranded) = (items, stranded)
    }

    public var heading: LocalizableText {
        switch purpose {
        case .downgrade: localized("Downgrade of cluster \(cluster) from \(version) to \(target)")
        case .upgrade: localized("Upgrade of cluster \(cluster) from \(version) to \(target)")
        }
    }
}

/// The items while they are collected, and those that every purpose needs.
struct ChecklistItems {
    typealias Item = Checklist.Item
    private let purpose: Checklist.Purpose
    private(set) var items: [Item] = []

    init(before purpose: Checklist.Purpose) { self.purpose = purpose }

    mutating func look(
        _ code: String, _ title: LocalizableText, _ isSo: Bool, seen: LocalizableText, next: [LocalizableText]
    ) {
        items.append(
            Item(code: code, title: title, state: isSo ? .proven : .failed, text: seen, next: isSo ? [] : next))
    }

    mutating func look(
        _ code: String, _ title: LocalizableText, _ isSo: Bool, seen: LocalizableText,
        next: LocalizableText? = nil
    ) {
        look(code, title, isSo, seen: seen, next: [next].compactMap(\.self))
    }

    mutating func byHand(_ code: String, _ title: LocalizableText, _ text: LocalizableText) {
        items.append(Item(code: code, title: title, state: .byHand, text: text, next: []))
    }

    mutating func lookAtNodes(_ survey: Survey, cluster: String) {
        let errors = survey.findings.filter { $0.severity == .error }
        look(
            "cluster", localized("The nodes are healthy"), errors.isEmpty,
            seen: errors.isEmpty
                ? localized("versions, services and database replication")
                : errors.map(\.text).joined(separator: " "),
            next: localized("For details: etoken-bridge cluster status --cluster \(word: cluster)"))
    }

    mutating func lookAtJournals(_ state: StateFolder, cluster: String) throws {
        let unfinished = try state.changes(of: cluster).filter { !JournalState($0.records).outcome.isClosed }
            .compactMap { $0.records.first?.plan?.id }
        look(
            "no-unfinished-change", localized("No change is unfinished"), unfinished.isEmpty,
            seen: unfinished.isEmpty
                ? localized("no open journal on this machine") : .verbatim(unfinished.joined(separator: ", ")),
            next: localized(
                "Resume it or roll it back: etoken-bridge migrate resume --cluster \(word: cluster), or etoken-bridge migrate rollback --cluster \(word: cluster)"
            ))
    }

    /// - Parameter next: what to do if there is none.
    /// - Returns: the CTL file; nil if no node serves one.
    mutating func lookAtFile(_ survey: Survey, next: LocalizableText) -> (file: TrustListFile, bytes: [UInt8])? {
        let title = localized("Every node serves the same CTL file")
        guard let file = survey.present, let bytes = survey.presentBytes else {
            look("file", title, false, seen: localized("no node serves one"), next: next)
            return nil
        }
        look(
            "file", title, true,
            seen:
                localized(
                    "\(survey.world.nodes.joined(separator: ", ")): \(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex); its signature verifies"
                )
        )
        return (file, bytes)
    }

    /// - Parameter next: the command that brings them up to date.
    mutating func lookAtServers(_ survey: Survey, next: String) throws {
        let renewals = try survey.renewals()
        look(
            "server-certificates", localized("The file contains the servers' current certificates"), renewals.isEmpty,
            seen: renewals.isEmpty
                ? localized("they match those that the nodes show (show cert own)") : renewals.joined(separator: "; "),
            next: .verbatim(next))
    }

    /// - Returns: the phones that would be stranded: those that hold something else, and would not accept the current
    ///   file.
    mutating func lookAtPhones(_ survey: Survey, _ present: TrustListFile) -> [StoredForecast.Group] {
        guard let signer = present.signerRecord.flatMap(CandidateSigner.init(record:)) else { return [] }
        // Later nothing may vouch for a new signer on a model without Security by Default: only what a phone holds
        // counts. The same goes for the others as long as no TVS server has been asked.
        let forecast = StoredForecast(Change.forecast(for: signer, survey: survey, tvs: .everywhere(.notAsked)))
        let stranded = forecast.stranded
        let visit = Change.visitAdvice(models: stranded.map(\.model)) ?? .verbatim("")
        look(
            Item.phones, localized("Every phone holds a file that names the signer"), stranded.isEmpty,
            seen: stranded.isEmpty
                ? localized(forecast.count, one: "1 phone", other: "\(forecast.count) phones")
                : Self.inShort(stranded),
            next: purpose == .downgrade
                ? localized(
                    "Make sure that these phones register and accept the current file before the downgrade, or visit them. \(visit)"
                )
                : localized(
                    "Make sure that these phones register and accept the current file before the upgrade, or visit them. \(visit)"
                )
        )
        return stranded
    }

    /// "12 × Cisco 7960: no Security by Default", the largest groups first.
    private static func inShort(_ stranded: [StoredForecast.Group]) -> LocalizableText {
        let groups = StoredForecast(groups: stranded).alike
        let shown = groups.prefix(6).map { localized("\($0.phones.count) × \($0.model): \($0.reason)") }
        let rest = groups.dropFirst(6)
        let more =
            rest.isEmpty
            ? [] : [PlanSummary.more(rest.reduce(0) { $0 + $1.phones.count }, in: rest.count)]
        return (shown + more).joined(separator: "; ")
    }

    mutating func addBackup() {
        byHand(
            "backup", localized("A backup of the cluster"),
            localized("Create one with the Disaster Recovery System before switching versions."))
    }

    mutating func addSample(_ bytes: [UInt8]) {
        byHand(
            "sample", localized("A phone of each model"),
            localized(
                "Compare the checksum under Settings > Security Configuration > Trust List > CTL File with MD5 \(Digest.md5(bytes).hex) or SHA-1 \(Digest.sha1(bytes).hex), before and after."
            )
        )
    }
}
