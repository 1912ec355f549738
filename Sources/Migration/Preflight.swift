import Basics
import Cluster
import Configuration
import Messages
import Operations

/// What a change will need later, tried before its question: each login once, with nothing written. What is missing is a
/// finding of the plan, not a failure of step 7.
///
/// The command lines of all nodes have been used by then (`ClusterAccess.findings`), and the phones were read.
public struct Preflight: Codable, Sendable, Equatable {
    public enum Subject: String, Codable, Sendable {
        /// OS Administration of a node.
        case administration
        /// AXL, by which phones are restarted.
        case axl
        /// The disk of this machine.
        case disk
    }

    public struct Check: Codable, Sendable, Equatable {
        public let subject: Subject
        /// The node, or the folder.
        public let place: String
        /// What is wrong; nil if nothing is.
        public let failure: LocalizableText?
        public let next: [LocalizableText]

        init(_ subject: Subject, _ place: String, failure: LocalizableText? = nil, next: [LocalizableText] = []) {
            (self.subject, self.place, self.failure, self.next) = (subject, place, failure, next)
        }
    }

    public let checks: [Check]

    /// Tries what a plan needs.
    ///
    /// - Parameters:
    ///   - phones: how many the cluster has.
    ///   - freeSpace: bytes that are free at a path; nil if that cannot be determined.
    init(
        for plan: ChangePlan, phones: Int, on cluster: any ClusterAccess, state: StateFolder,
        freeSpace: (String) -> Int? = Files.freeSpace
    ) {
        // Files go to these nodes and, should the change be undone, are restored on them. It touches no other.
        var checks = cluster.connectToAdministration(of: cluster.nodes).map { node, error in
            Check(
                .administration, node,
                failure: error.map {
                    localized(
                        "OS Administration of \(node) cannot be used, and the file could not be deployed there. \($0.text)"
                    )
                }, next: error?.next.map { [$0] } ?? [])
        }
        if phones > 0, plan.steps.contains(where: { $0.id == .restartPhones }) {
            checks.append(Self.axl(of: plan, on: cluster))
        }
        let needed = Self.space + phones * Self.spaceOfPhone
        var seen: Set<String> = []
        for folder in [state.path, plan.settings.output] where seen.insert(folder).inserted {
            guard let free = freeSpace(folder) else { continue }
            checks.append(
                Check(
                    .disk, folder,
                    failure: free >= needed
                        ? nil
                        : localized(
                            "\(folder) has \(free / 1_000_000) MB of free space; backups, journal and records may need \(needed / 1_000_000) MB."
                        ), next: free >= needed ? [] : [localized("Free some space there.")]))
        }
        self.checks = checks
    }

    private static func axl(of plan: ChangePlan, on cluster: any ClusterAccess) -> Check {
        let other = localized("Or leave the phones alone: the same command with --no-phone-restart.")
        guard cluster.hasApplicationAccount else {
            return Check(
                .axl, cluster.publisher,
                failure: localized(
                    "Phones are restarted over AXL, and the configuration names no application account for cluster \(plan.cluster)."
                ),
                next: [
                    localized(
                        "Add one to the configuration: etoken-bridge cluster add --help describes --application-user."),
                    other,
                ])
        }
        do throws(ClusterError) {
            try cluster.tryApplicationAccount()
            return Check(.axl, cluster.publisher)
        } catch {
            return Check(
                .axl, cluster.publisher,
                failure: localized("Phones are restarted over AXL, and that does not work. \(error.text)"),
                next: (error.next.map { [$0] } ?? []) + [other])
        }
    }

    /// Bytes for the files, and for each phone's names in the journal, the record and the lists.
    private static let space = 4_000_000, spaceOfPhone = 500

    /// What is missing, as findings of the plan.
    var findings: [StatusFinding] {
        checks.compactMap { check in
            check.failure.map { failure in
                let code: StatusCode =
                    switch check.subject {
                    case .administration: .administrationNotUsable
                    case .axl: .phonesNotRestartable
                    case .disk: .diskSpace
                    }
                return StatusFinding(
                    code: code, severity: .error, node: check.subject == .disk ? nil : check.place, text: failure,
                    next: check.next)
            }
        }
    }

    /// What was tried, as a sentence.
    public var text: LocalizableText {
        failed == 0
            ? localized("Tried beforehand, and found usable: \(tried).")
            : localized("Tried beforehand: \(tried); \(failed) of \(checks.count) are not usable.")
    }

    /// The same without its heading, for a table that has one.
    var outcome: LocalizableText {
        failed == 0
            ? localized("\(tried): all usable")
            : localized("\(tried); \(failed) of \(checks.count) are not usable.")
    }

    private var failed: Int { checks.count { $0.failure != nil } }

    private var tried: LocalizableText {
        let web = checks.filter { $0.subject == .administration }
        let all: [LocalizableText] = [
            web.isEmpty
                ? nil : localized("OS Administration of \(web.map(\.place).list)"),
            checks.contains { $0.subject == .axl } ? .verbatim("AXL") : nil,
            checks.contains { $0.subject == .disk } ? localized("space on this machine") : nil,
        ].compactMap(\.self)
        return all.joined(separator: ", ")
    }
}
