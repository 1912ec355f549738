import Basics
import Cluster
import Configuration
import Messages
import Operations
import TrustList

/// A cluster's status and what was found in it, for people and for programs.
struct StatusReport: Encodable {
    let status: ClusterStatus
    let findings: [StatusFinding]

    func check() throws {
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return }
        let codes = Set(status.nodes.flatMap(\.failures).map(\.code))
        let isRefused = [ClusterError.Code.notTrusted, .loginRefused, .passwordExpired, .tooManyLogins].contains {
            codes.contains($0.rawValue)
        }
        let isSilent = status.nodes.allSatisfy { node in
            !node.failures.isEmpty && node.ctl?.tftp.state != .file && node.ctl?.http.state != .file
        }
        let lead = localized(
            errors.count, one: "One thing is wrong",
            other: "\(errors.count) things are wrong")
        throw Failure(
            isRefused ? Status.notTrusted : isSilent ? Status.notReachable : Status.partlyDone,
            localized("\(lead) with cluster \(status.cluster). \(first.text)"), next: first.next.first,
            causes: errors.dropFirst().map(\.text))
    }

    var text: String {
        let mode = status.securityMode.map { localized("\($0.name) mode") } ?? localized("mode not known")
        let version = status.version ?? localized("version not known").localized
        let sections = [
            localized("Cluster \(status.cluster)  \(version)  \(mode)").localized, findingsText,
            nodeTable,
            fileTable, listText, certificateTable, providerText,
        ]
        return sections.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var findingsText: String {
        guard !findings.isEmpty else { return localized("No inconsistencies found.").localized }
        return findings.map { finding in
            let head = localized(finding.severity == .error ? "ERROR    " : "warning  ").localized
            let next = finding.next.map { "\n" + String(repeating: " ", count: 9) + localized("Next: \($0)").localized }
            return head + finding.text.localized + next.joined()
        }.joined(separator: "\n")
    }

    private var nodeTable: String {
        var table = Table(localized("NODE"), localized("ROLE"), "TFTP", "CALLMANAGER", "TVS", localized("REPLICATION"))
        for node in status.nodes {
            func state(_ service: String) -> String {
                guard let services = node.services else { return localized("not read").localized }
                guard let found = services.first(where: { $0.name == service }), found.isActivated else {
                    return localized("off").localized
                }
                return found.state.lowercased()
            }
            table.add(
                node.name, localized(node.isPublisher ? "publisher" : "subscriber"), state(ClusterService.tftp),
                state(ClusterService.callManager), state(ClusterService.trustVerification),
                node.replication.map { $0.isGood ? localized("(2) good").localized : $0.text }
                    ?? localized("not read").localized)
        }
        return table.text
    }

    private var fileTable: String {
        var table = Table(localized("NODE"), localized("FILE"), localized("BYTES"), "SHA-1")
        for node in status.nodes {
            for (kind, served) in [("CTL", node.ctl), ("ITL", node.itl)] {
                guard let served else { continue }
                let isSame = served.tftp.state == served.http.state && served.tftp.sha1 == served.http.sha1
                let rows =
                    isSame ? [(kind, served.tftp)] : [("\(kind) tftp", served.tftp), ("\(kind) http", served.http)]
                for (name, file) in rows {
                    let text: any TableCell =
                        switch file.state {
                        case .file: file.sha1 ?? ""
                        case .absent: localized("no file")
                        case .failed: localized("no answer")
                        }
                    table.add(node.name, name, file.length.map(String.init) ?? "-", text)
                }
            }
        }
        return table.rows.isEmpty ? "" : table.text
    }

    private var listText: String {
        status.trustLists.map { list in
            let roles = list.records.map { $0.role.map { Role(rawValue: $0).text } ?? localized("no role").localized }
                .joined(
                    separator: ", ")
            return localized(
                """
                \(list.kind) \(list.sha1)
                  MD5      \(list.md5)
                  created  \(list.made?.description ?? "?")
                  signer   \(list.signer ?? "?")
                  \(list.records.count) records: \(roles)
                """
            ).localized
        }.joined(separator: "\n")
    }

    /// The service to which the CTL Client talked.
    private var providerText: String {
        let states = status.nodes.compactMap { node in
            node.services?.first { $0.name == ClusterService.ctlProvider }.map { service in
                "\(node.name) \(service.isActivated ? service.state.lowercased() : localized("off").localized)"
            }
        }
        return states.isEmpty ? "" : "\(ClusterService.ctlProvider):\n  " + states.joined(separator: "\n  ")
    }

    private var certificateTable: String {
        var table = Table(localized("NODE"), localized("CERTIFICATE"), localized("KEY"), localized("EXPIRES"))
        for node in status.nodes {
            for certificate in node.certificates ?? [] {
                let date = certificate.notAfter?.day ?? "?"
                table.add(node.name, certificate.unit, certificate.keyBits.map(String.init) ?? "?", date)
            }
        }
        return table.rows.isEmpty ? "" : table.text
    }
}
