import Basics
import Cluster
import Configuration
import Messages
import TrustList

extension ClusterStatus {
    /// What is or is about to become inconsistent: errors first, then warnings.
    ///
    /// - Parameter days: certificates that expire sooner are a warning.
    public func findings(expiryWarning days: Int64 = 30) -> [StatusFinding] {
        let rules = [
            unreadNodes(), otherNodes(), otherVersions(), modeAgainstFiles(), contradictedFiles(), differingFiles(),
            unusableFiles(), missingCertificates(), staleRecords(), services(), unreachableTVS(), replicationStates(),
            undatedCertificates(), expiry(within: days * 86400), itlSignersNotInCTL(), largeITLs(),
            tokensOnNewReleases(), unusableKeys(), expiredTrust(),
        ]
        let all = rules.flatMap(\.self)
        return all.filter { $0.severity == .error } + all.filter { $0.severity == .warning }
    }

    func finding(
        _ code: StatusFinding.Code, _ severity: StatusFinding.Severity = .error, node: String? = nil,
        _ text: LocalizableText,
        next: [LocalizableText]
    ) -> StatusFinding {
        StatusFinding(code: code, severity: severity, node: node, text: text, next: next)
    }

    func finding(
        _ code: StatusFinding.Code, _ severity: StatusFinding.Severity = .error, node: String? = nil,
        _ text: LocalizableText,
        next: LocalizableText
    ) -> StatusFinding {
        finding(code, severity, node: node, text, next: [next])
    }

    private func unreadNodes() -> [StatusFinding] {
        nodes.flatMap { node in
            node.failures.map { failure in
                // A release need not support every query, but one that answers at all reports its version.
                let isMinor = failure.code == ClusterError.Code.notSupported.rawValue && node.version != nil
                return finding(
                    .nodeNotRead, isMinor ? .warning : .error, node: node.name,
                    localized("\(node.name) could not be read completely. \(failure.text)"),
                    next: failure.next + (silence.contains(failure.code) ? [doctor] : []))
            }
        }
    }

    /// The codes of a node that does not answer.
    private var silence: [String] { [ClusterError.Code.unreachable, .timedOut].map(\.rawValue) }

    private var doctor: LocalizableText { localized("For details: etoken-bridge doctor --cluster \(word: cluster)") }

    var updateCertificates: LocalizableText {
        localized("Regenerate the CTL file: etoken-bridge migrate update-certificates --cluster \(word: cluster)")
    }

    private func otherNodes() -> [StatusFinding] {
        serversNotConfigured.map {
            finding(
                .nodesDiffer, node: $0,
                localized("The cluster has a server \($0) that is not in the configuration."),
                next: localized("Add the cluster again with --force, or add the node to the configuration."))
        }
            + nodesNotInCluster.map {
                finding(
                    .nodesDiffer, node: $0,
                    localized("The configuration names \($0), which is not a server of the cluster."),
                    next: localized("Remove it from the configuration, or correct its name."))
            }
    }

    private func otherVersions() -> [StatusFinding] {
        guard let version else { return [] }
        return nodes.compactMap { node in
            guard let other = node.version, other != version else { return nil }
            return finding(
                .versionsDiffer, node: node.name,
                localized("\(node.name) runs \(other), but the publisher runs \(version)."),
                next: localized("Finish the upgrade before changing the trust list."))
        }
    }

    private func modeAgainstFiles() -> [StatusFinding] {
        nodes.compactMap { node in
            guard let ctl = node.ctl else { return nil }
            if securityMode == .mixed, ctl.tftp.state == .absent || ctl.http.state == .absent {
                return finding(
                    .noFileInMixedMode, node: node.name,
                    localized(
                        "\(node.name): No CTL File exists on the server but the Call Manager Cluster Security Mode is in Secure Mode."
                    ),
                    next: [
                        localized(
                            "Restore the previous file: etoken-bridge ctl deploy FILE --cluster \(word: cluster)"),
                        localized(
                            "Or, for a tokenless list, have the publisher create one: utils ctl update CTLFile"),
                    ])
            }
            guard securityMode == .nonSecure, let list = trustLists.first(where: { $0.sha1 == ctl.tftp.sha1 }),
                list.records.contains(where: { $0.isCallManager && $0.certificateSHA1 != nil })
            else { return nil }
            return finding(
                .fileInNonSecureMode, .warning, node: node.name,
                localized(
                    "\(node.name) serves a CTL file with the certificates of CallManager servers, though the cluster is in non-secure mode."
                ),
                next: localized(
                    "If the mode is correct, delete it: etoken-bridge ctl delete --cluster \(word: cluster)"))
        }
    }

    private func differingFiles() -> [StatusFinding] {
        var findings: [StatusFinding] = []
        func describe(_ file: File) -> LocalizableText {
            if let length = file.length, let sha1 = file.sha1 { return localized("\(length) bytes, SHA-1 \(sha1)") }
            return localized("no file")
        }
        typealias Answer = (node: String, transport: TrustListTransport, file: File)
        func answers(_ node: Node, _ served: Served?) -> [Answer] {
            guard let served else { return [] }
            return [(node.name, .tftp, served.tftp), (node.name, .http, served.http)].filter { $0.2.state != .failed }
        }
        func compare(_ kind: TrustListKind, _ answers: [Answer]) -> [StatusFinding] {
            guard let first = answers.first else { return [] }
            return answers.filter { $0.file.sha1 != first.file.sha1 }.map { other in
                .filesDiffer(
                    kind, of: cluster, (other.node, other.transport, describe(other.file)),
                    (first.node, first.transport, describe(first.file)))
            }
        }
        for var finding in compare(.ctl, nodes.flatMap { answers($0, $0.ctl) }) {
            finding.next.append(
                localized("Or deploy the right file again: etoken-bridge ctl deploy FILE --cluster \(word: cluster)"))
            findings.append(finding)
        }
        for node in nodes { findings += compare(.itl, answers(node, node.itl)) }
        for node in nodes where !isDown(node) {
            for (kind, served) in [("CTL", node.ctl), ("ITL", node.itl)] {
                for (way, file) in [("TFTP", served?.tftp), ("HTTP", served?.http)] where file?.state == .failed {
                    findings.append(
                        finding(
                            .nodeNotRead, node: node.name,
                            localized(
                                "\(node.name) serves no \(kind) file over \(way). \(file?.error?.text ?? localized("It was not asked."))"
                            ), next: doctor))
                }
            }
        }
        return findings
    }

    /// Whether nothing answers at a node: that is reported once, not again for every query.
    private func isDown(_ node: Node) -> Bool {
        node.failures.contains { silence.contains($0.code) }
            && [node.ctl?.tftp, node.ctl?.http, node.itl?.tftp, node.itl?.http].allSatisfy {
                $0.map { $0.state == .failed } ?? true
            }
    }

    /// What TFTP and HTTP serve is the node's own only if the node says so.
    private func contradictedFiles() -> [StatusFinding] {
        nodes.flatMap { node in
            [(TrustListKind.ctl, node.ctl), (.itl, node.itl)].flatMap { kind, served -> [StatusFinding] in
                guard let served, let stated = served.stated else { return [] }
                return [("TFTP", served.tftp), ("HTTP", served.http)].compactMap { way, file in
                    guard file.state != .failed, !file.isAs(stated) else { return nil }
                    return finding(
                        .fileContradicted, node: node.name,
                        EvidenceError.contradiction(
                            node: node.name, over: way, kind, served: file.summary, stated: stated.summary),
                        next: [EvidenceError.contradictionAdvice(node.name, cluster: cluster)])
                }
            }
        }
    }

    /// The nodes that serve a file.
    func servers(of list: TrustList) -> [String] {
        nodes.filter {
            [$0.ctl?.tftp.sha1, $0.ctl?.http.sha1, $0.itl?.tftp.sha1, $0.itl?.http.sha1].contains(list.sha1)
        }.map(\.name)
    }

    private func unusableFiles() -> [StatusFinding] {
        trustLists.compactMap { list in
            guard let fault = list.fault else { return nil }
            let servers = servers(of: list)
            let option = list.kind == TrustListKind.itl.fileName ? " --itl" : ""
            return finding(
                .fileUnusable, node: servers.first,
                localized(
                    "Phones cannot use the \(list.kind) that \(servers.joined(separator: ", ")) serves: \(fault)"
                ),
                next: [
                    localized(
                        "See what is wrong: etoken-bridge ctl fetch --cluster \(word: cluster)\(option) --output FOLDER/, then ctl verify"
                    )
                ] + (option.isEmpty ? [] : [newITL]))
        }
    }

    /// Cisco's remedy for "Error parsing the ITL File".
    private var newITL: LocalizableText {
        localized(
            "If it is damaged, delete itlfileflags.txt in OS Administration (Software Upgrades > TFTP File Management) of the node, and restart Cisco Tftp: it creates the file again."
        )
    }

    /// A regenerated certificate is not in the CTL file until that is regenerated as well.
    private func missingCertificates() -> [StatusFinding] {
        guard securityMode == .mixed else { return [] }
        return nodes.flatMap { node -> [StatusFinding] in
            guard let list = trustLists.first(where: { $0.sha1 == node.ctl?.tftp.sha1 }), list.fault == nil,
                node.runs(ClusterService.callManager) != false,
                let own = node.certificates?.first(where: { $0.unit == "CallManager" }), let sha1 = own.sha1,
                !list.records.contains(where: { $0.certificateSHA1 == sha1 })
            else { return [] }
            return [
                finding(
                    .certificateNotInFile, node: node.name,
                    localized(
                        "The CTL file does not contain the CallManager certificate that \(node.name) uses now (SHA-1 \(sha1))."
                    ),
                    next: updateCertificates)
            ]
        }
    }

    private func services() -> [StatusFinding] {
        nodes.flatMap { node -> [StatusFinding] in
            guard let services = node.services else { return [] }
            var findings: [StatusFinding] = []
            for name in [ClusterService.tftp, ClusterService.callManager, ClusterService.trustVerification] {
                guard let service = services.first(where: { $0.name == name }), service.isActivated, !service.isRunning
                else { continue }
                findings.append(
                    finding(
                        .serviceNotRunning, node: node.name, localized("\(name) on \(node.name) is \(service.state)."),
                        next: localized("Start it: etoken-bridge cluster restart-services --cluster \(word: cluster)")))
            }
            let serves = services.contains { $0.name == ClusterService.tftp && $0.isActivated }
            if serves != node.isConfiguredForTFTP {
                findings.append(
                    finding(
                        .tftpRoleDiffers, .warning, node: node.name,
                        serves
                            ? localized(
                                "\(node.name) runs Cisco Tftp, but has tftp = false in the configuration: it is skipped when the CTL file is deployed."
                            )
                            : localized(
                                "\(node.name) has no Cisco Tftp service, but the configuration says that it serves trust lists."
                            ),
                        next: localized("Correct tftp of \(node.name) in the configuration.")))
            }
            return findings
        }
    }

    /// A Trust Verification Service that runs, and cannot be asked from here. If no other can, either, nobody can tell
    /// beforehand whether phones will accept a new signer: an error.
    private func unreachableTVS() -> [StatusFinding] {
        let running = nodes.filter { $0.runs(ClusterService.trustVerification) == true }
        let isNoneReached = running.allSatisfy { $0.tvsFailure != nil }
        return running.compactMap { node in
            guard let failure = node.tvsFailure else { return nil }
            return finding(
                .tvsNotReached, isNoneReached ? .error : .warning, node: node.name,
                localized(
                    "Cisco Trust Verification Service runs on \(node.name), but its port cannot be reached from here: \(failure)."
                ),
                next: localized(
                    "A change to tokens has to ask this service. Open its port (2445) between here and the node, then pin its key: etoken-bridge cluster confirm-key \(word: node.name) --cluster \(word: cluster)"
                ))
        }
    }

    /// Certificates whose expiry is not known: none of them counts as one that does not expire.
    private func undatedCertificates() -> [StatusFinding] {
        nodes.compactMap { node in
            let names = (node.certificates ?? []).filter { $0.notAfter == nil }.map(\.unit)
            guard !names.isEmpty else { return nil }
            return finding(
                .certificateNotRead, .warning, node: node.name,
                localized(
                    "When these certificates of \(node.name) expire could not be read: \(names.joined(separator: ", "))."
                ),
                next: localized("Look at them in OS Administration (Security > Certificate Management)."))
        }
    }

    private func replicationStates() -> [StatusFinding] {
        nodes.compactMap { node in
            guard let replication = node.replication, !replication.isGood else { return nil }
            return finding(
                .replicationBroken, node: node.name,
                localized("Database replication of \(node.name) is in state \(replication.text), not (2)."),
                next: localized(
                    "Repair it first (utils dbreplication); otherwise uploaded certificates do not reach every node.")
            )
        }
    }

    private func expiry(within seconds: Int64) -> [StatusFinding] {
        var findings: [StatusFinding] = []
        var seen: Set<[LocalizableText]> = []
        func check(
            _ what: LocalizableText, node: String?, sha1: String?, notAfter: Timestamp?, next: [LocalizableText]
        ) {
            guard let notAfter = notAfter?.seconds, notAfter < taken.seconds + seconds,
                seen.insert([what, .verbatim(sha1 ?? "")]).inserted
            else {
                return
            }
            let days = (notAfter - taken.seconds) / 86400
            let isToday = days == 0
            if notAfter < taken.seconds {
                let text = localized(
                    Int(-days), one: "\(what) expired 1 day ago.", other: "\(what) expired \(-days) days ago.")
                let today = localized("\(what) expired less than a day ago.")
                findings.append(finding(.certificateExpired, node: node, isToday ? today : text, next: next))
            } else {
                let text = localized(
                    Int(days), one: "\(what) expires in 1 day.", other: "\(what) expires in \(days) days.")
                let today = localized("\(what) expires in less than a day.")
                findings.append(finding(.certificateExpires, .warning, node: node, isToday ? today : text, next: next))
            }
        }
        let renew: LocalizableText = localized(
            "Regenerate it in OS Administration (Security > Certificate Management), and restart the services that use it."
        )
        for node in nodes {
            for certificate in node.certificates ?? [] {
                let isInFile = ["CallManager", "CAPF"].contains(certificate.unit) && securityMode == .mixed
                check(
                    localized("The \(certificate.unit) certificate of \(node.name)"), node: node.name,
                    sha1: certificate.sha1, notAfter: certificate.notAfter,
                    next: [renew] + (isInFile ? [updateCertificates] : []))
            }
        }
        for list in trustLists {
            let servers = servers(of: list)
            let isITL = list.kind == TrustListKind.itl.fileName
            for record in list.records {
                // A token has no host; its certificate cannot be regenerated.
                let isToken = record.role == Role.sast.rawValue && record.dnsName?.isEmpty == true
                let name = record.subject.map { .verbatim($0) } ?? localized("a record")
                check(
                    isITL
                        ? localized(
                            "The certificate of \(name) in the \(list.kind) of \(servers.joined(separator: ", "))")
                        : localized("The certificate of \(name) in the \(list.kind)"),
                    node: servers.count == 1 ? servers[0] : nil, sha1: record.certificateSHA1,
                    notAfter: record.notAfter,
                    next: isToken
                        ? [
                            localized(
                                "Phones ignore this date, but CUCM accepts no expired certificate: have another token ready."
                            )
                        ]
                        : isITL ? [renew] : [renew, updateCertificates])
            }
        }
        return findings
    }
}
