import Cluster
import Configuration
import Messages
import Operations

/// Whether names are resolved and ports answer.
struct ClusterReachCheck: DoctorCheck {
    let name = "cluster-network"
    let cluster: ClusterContext

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        var findings = cluster.unresolved.map { node in
            DoctorFinding(
                self, .error, "name-not-resolved",
                localized("The address of \(node.name), \(node.address), cannot be resolved."),
                next: [
                    .verbatim("getent hosts \(node.address)"),
                    localized("Or write its IP address into the configuration."),
                ])
        }
        let silent = cluster.services.filter { $0.failure != nil }
        let dead = cluster.nodes.filter { node in
            let ports = cluster.services.filter { $0.node.name == node.name }
            return !ports.isEmpty && ports.allSatisfy { $0.failure != nil }
        }
        findings += dead.map { node in
            DoctorFinding(
                self, .error, "node-not-reached",
                localized(
                    "No service of \(node.name) (\(node.address)) answers: \(silent.first { $0.node.name == node.name }?.failure ?? .verbatim("?"))."
                ),
                next: [
                    .verbatim("ping \(node.address)"),
                    localized("Check that the node is up, and the firewalls between here and there."),
                ])
        }
        for service in silent where !dead.contains(where: { $0.name == service.node.name }) {
            findings.append(
                DoctorFinding(
                    self, .error, "port-not-reached",
                    localized(
                        "\(service.purpose) of \(service.node.name), port \(service.port), does not answer: \(service.failure ?? .verbatim("?"))."
                    ),
                    next: [localized("Check that the service runs there (utils service list), and the firewalls.")]))
        }
        guard findings.isEmpty else { return findings }
        return [
            DoctorFinding(
                self, .ok, "ports-answer",
                localized("\(cluster.services.count) ports of \(cluster.nodes.count) nodes answer."))
        ]
    }
}

/// Whether the keys match the pinned ones.
struct ClusterKeyCheck: DoctorCheck {
    let name = "cluster-keys"
    let cluster: ClusterContext

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        let findings = cluster.keys.flatMap { contact in
            contact.keys.compactMap { finding(contact.node, $0) }
                + contact.failures.map { purpose, error in
                    DoctorFinding(
                        self, .error, "key-not-read",
                        localized(
                            "The \(purpose.rawValue.uppercased()) key of \(contact.node.name) cannot be read: \(error.message)."
                        ),
                        next: hint(contact.node, purpose))
                }
        }
        guard findings.isEmpty else { return findings }
        let count = cluster.keys.reduce(0) { $0 + $1.keys.count }
        return count == 0
            ? [] : [DoctorFinding(self, .ok, "keys-match", localized("\(count) keys match the pinned ones."))]
    }

    private func finding(_ node: NodeConfiguration, _ key: FirstContact.Key) -> DoctorFinding? {
        let pin = node.pin(of: key.purpose)
        guard pin != key.fingerprint else { return nil }
        let what: LocalizableText = localized("The \(key.purpose.rawValue.uppercased()) key of \(node.name)")
        guard let pin else {
            return DoctorFinding(
                self, .error, "key-not-pinned", localized("\(what) is not pinned; it presents \(key.fingerprint)."),
                next: [
                    localized(
                        "Compare it with what the node's console shows, and confirm it: etoken-bridge cluster confirm-key \(word: node.name) --cluster \(word: cluster.cluster.configuration.name)"
                    )
                ])
        }
        return DoctorFinding(
            self, .error, "key-changed", localized("\(what) is \(key.fingerprint), but \(pin) is pinned."),
            next: [
                localized(
                    "Find out why: a regenerated certificate, or a man in the middle. If the change was intended, compare old and new, and confirm: etoken-bridge cluster confirm-key \(word: node.name) --cluster \(word: cluster.cluster.configuration.name)"
                )
            ])
    }

    private func hint(_ node: NodeConfiguration, _ purpose: FirstContact.Key.Purpose) -> [LocalizableText] {
        switch purpose {
        case .ssh where !node.legacySSH:
            [
                localized(
                    "A release up to 11.5 may need legacy_ssh = true for \(node.name) in the configuration; but someone on the network between can cause this, too."
                )
            ]
        case .tls where !node.legacyTLS, .tvs where !node.legacyTLS:
            [
                localized(
                    "A release before 10.5 may need legacy_tls = true for \(node.name) in the configuration; but someone on the network between can cause this, too."
                )
            ]
        default: []
        }
    }
}

/// Whether the accounts are accepted, the release is known, and the cluster is consistent.
struct ClusterHealthCheck: DoctorCheck {
    let name = "cluster-health"
    let cluster: ClusterContext

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        switch cluster.status {
        case nil: []
        case .failure(let error)?: [refusal(error)]
        case .success(let status)?: accounts() + [release(status)].compactMap(\.self) + consistency(status)
        }
    }

    private func refusal(_ error: ClusterError) -> DoctorFinding {
        DoctorFinding(self, .error, error.code.rawValue, error.text, next: error.next.map { [$0] } ?? [])
    }

    /// The platform account has been used by now; the application account is tried once.
    private func accounts() -> [DoctorFinding] {
        guard cluster.cluster.configuration.application != nil else {
            return [
                DoctorFinding(
                    self, .warning, "no-application-account",
                    localized("No application user is configured: phones cannot be listed or restarted."),
                    next: [
                        localized(
                            "Add one: etoken-bridge cluster edit --cluster \(word: cluster.cluster.configuration.name) --application-user USER"
                        )
                    ])
            ]
        }
        do throws(ClusterError) {
            try cluster.cluster.tryApplicationAccount()
            return [
                DoctorFinding(
                    self, .ok, "accounts-accepted", localized("The platform and application accounts are accepted."))
            ]
        } catch {
            return [refusal(error)]
        }
    }

    private func release(_ status: ClusterStatus) -> DoctorFinding? {
        guard let text = status.version, let version = ClusterVersion(text) else { return nil }
        guard (version.major == 8 && version.minor >= 6) || (9...15).contains(version.major) else {
            return DoctorFinding(
                self, .warning, "release-not-known",
                localized("CUCM \(text) is outside the range that this program supports, 8.6 to 15."),
                next: [localized("Try every change on a copy of the cluster first.")])
        }
        if let configured = cluster.cluster.configuration.version, configured.axl != version.axl {
            return DoctorFinding(
                self, .warning, "version-differs",
                localized(
                    "The cluster runs CUCM \(text), but the configuration says \(configured.description): it was upgraded since it was added."
                ),
                next: [
                    localized(
                        "Write it down: etoken-bridge cluster edit --cluster \(word: cluster.cluster.configuration.name) --release \(word: text)"
                    )
                ])
        }
        return DoctorFinding(self, .ok, "release-known", localized("The cluster runs CUCM \(text)."))
    }

    private func consistency(_ status: ClusterStatus) -> [DoctorFinding] {
        let findings = status.findings()
        guard !findings.isEmpty else {
            return [
                DoctorFinding(
                    self, .ok, "consistent", localized("Mode, trust lists, services and replication are consistent."))
            ]
        }
        return findings.map {
            DoctorFinding(
                self, $0.severity, $0.code.rawValue, $0.text,
                next: $0.next)
        }
    }
}
