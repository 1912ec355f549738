import Certificates
import Cluster
import Files
import Glibc
import Phones
import TrustList

/// Builds the new file and has the token sign it.
final class BuildAndSign<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "build-and-sign"
    let title = "Build the new CTL file and sign it"
    let effect = StepEffect.local

    private var token: MigrationToken { options.tokens[options.signer] }
    private var path: String { "\(options.output)/CTLFile.tlv" }

    func check() -> StepState {
        .pending(
            "\(plan.records.count) records, \(plan.survey.present.header.digest.name) as in the present file, signed by \(token.label)"
        )
    }

    func act() throws {
        let draft = TrustListDraft(
            // A file that is no newer than the one it replaces would puzzle whoever compares them.
            timestamp: max(options.timestamp, plan.survey.present.header.timestamp &+ 1),
            digest: plan.survey.present.header.digest,
            records: plan.records)
        let signer = try plan.makeSigner()
        let file = try draft.signed(
            by: signer, modulusBits: token.certificate.publicKey.bits, verifier: X509SignatureVerifier())
        plan.newFile = file.encoded()
        try Files.write(file.encoded(), to: path, permissions: 0o644, replacing: true)
    }

    func prove() throws -> [String] {
        let bytes = try Files.read(path)
        let file = try TrustListFile(decoding: bytes)
        guard bytes == plan.newFile, try file.isSigned(by: token.certificate), file.signerRecord != nil else {
            throw MigrationError(
                .readBackDiffers, "\(path) does not hold the file that was signed.",
                next: "Check the disk that holds \(options.output), and run the command again.")
        }
        return [
            "\(bytes.count) bytes, MD5 \(Digest.md5(bytes).hex), SHA-1 \(Digest.sha1(bytes).hex)",
            "the signature verifies with the certificate of \(token.label)",
        ]
    }
}

/// Puts the new file on every node, and reads it back as phones would.
final class Deploy<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = ToEtoken<World>.commitStep
    let title = "Deploy the file to every TFTP node and read it back"
    let effect = StepEffect.phones

    private var isTouched = false
    /// Nodes that said no: they certainly stored nothing.
    private var refusing: Set<String> = []

    func check() throws -> StepState {
        .pending("replace CTLFile.tlv on \(cluster.nodes.joined(separator: " and "))")
    }

    func act() throws {
        guard let newFile = plan.newFile else { preconditionFailure("the file is signed before it is deployed") }
        // A wrong password is found on the first node, before the others are tried with it.
        try cluster.trustLists.hosts.first?.prepare(for: .deploy)
        isTouched = true
        let failures = cluster.trustLists.put(
            Dictionary(uniqueKeysWithValues: cluster.nodes.map { ($0, newFile) }), readsBack: false)
        refusing = Set(failures.filter { !$0.mayBeStored }.map(\.node))
        if let failure = failures.first { throw failure.error }
    }

    func prove() throws -> [String] {
        guard let newFile = plan.newFile else { preconditionFailure("the file is signed before it is deployed") }
        return try compare(newFile)
    }

    func undo() throws -> [String] {
        guard isTouched else { return ["no node was written to"] }
        let before = plan.survey.presentBytes
        let (written, failures) = cluster.trustLists.restore(
            Dictionary(uniqueKeysWithValues: cluster.nodes.map { ($0, before) }), refusing: refusing,
            restartsTFTP: true)
        guard failures.isEmpty else {
            throw MigrationError(
                .readBackDiffers,
                "The previous CTL file could not be put back on \(failures.map { "\($0.node): \($0.error)" }.joined(separator: "; ")).",
                next:
                    "Upload \(options.state.backupPath(of: before)) there as CTLFile.tlv (OS Administration, Software Upgrades > TFTP File Management)."
            )
        }
        return written.isEmpty
            ? ["no node had the new file"]
            : ["put the previous file back on \(written.joined(separator: " and "))"] + (try compare(before))
    }

    private func compare(_ expected: [UInt8]) throws -> [String] {
        if let (node, error) = cluster.trustLists.check(serves: expected, restartsTFTP: true).first {
            guard error.code == .mismatch else { throw error }
            throw MigrationError(
                .readBackDiffers,
                "Node \(node) serves another CTL file than was deployed: \(error.message); expected \(error.expected ?? "?"), found \(error.found ?? "?").",
                next: "Restart Cisco Tftp on \(node), and run the command again.")
        }
        let ways = TrustListTransport.allCases.map { $0.rawValue.uppercased() }.joined(separator: " and ")
        return cluster.nodes.map { "\($0): the same \(expected.count) bytes over \(ways)" }
    }
}

/// Restarts what must notice the new file.
final class RestartServices<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "restart-services"
    let title = "Restart Cisco Tftp and Cisco CallManager on every node"
    let effect = StepEffect.phones

    private static var services: [String] { ["Cisco Tftp", "Cisco CallManager"] }
    private var restarted: [String] = []

    func check() -> StepState { .pending("one node after the other, where they are activated") }

    func act() throws {
        for service in Self.services {
            for node in try cluster.nodes(running: service) {
                try cluster.restart(service: service, on: node)
                restarted.append("\(service) on \(node) has started again")
            }
        }
    }

    func prove() -> [String] { restarted }
}

/// Restarts the phones, so that they fetch the new file.
final class RestartPhones<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "restart-phones"
    let title = "Restart the phones"
    let effect = StepEffect.phones

    func check() -> StepState {
        plan.survey.phones.isEmpty
            ? .done("the cluster has no phones") : .pending("\(plan.survey.phones.count) phones, over AXL")
    }

    func act() throws {
        for entry in plan.survey.phones { try cluster.restart(entry.phone) }
    }

    func prove() -> [String] { ["\(plan.survey.phones.count) phones were told to restart"] }
}

/// Looks at what each phone holds now, and compares it with the forecast.
final class CheckPhones<World: ClusterWorld>: ToEtokenStep<World>, Step {
    let id = "check-phones"
    let title = "Check what each phone holds now"
    let effect = StepEffect.none

    func check() -> StepState {
        .pending("wait up to \(options.phoneRestartTimeout) s for the phones that were forecast to accept")
    }

    func act() throws {
        let deadline = time(nil) + options.phoneRestartTimeout
        var waiting = plan.forecast.entries
        while true {
            for entry in waiting { plan.after[entry.phone.name] = result(of: entry.phone) }
            waiting.removeAll { $0.verdict.outcome != .accepted || plan.after[$0.phone.name] == .newFile }
            guard !waiting.isEmpty, time(nil) < deadline else { break }
            usleep(300_000)
        }
        // Those that refuse show it by still holding the old file after the others have restarted.
        for entry in plan.forecast.entries where plan.after[entry.phone.name] != .newFile {
            plan.after[entry.phone.name] = result(of: entry.phone)
        }
    }

    private func result(of phone: Phone) -> PhoneResult {
        guard let newFile = plan.newFile, case .checksum(let text)? = cluster.heldChecksum(of: phone) else {
            return .notKnown
        }
        func matches(_ bytes: [UInt8]) -> Bool { text == Digest.md5(bytes).hex || text == Digest.sha1(bytes).hex }
        if matches(newFile) { return .newFile }
        return matches(plan.survey.presentBytes) ? .oldFile : .otherFile
    }

    func prove() throws -> [String] {
        var differing: [String] = []
        for entry in plan.forecast.entries {
            let result = plan.after[entry.phone.name] ?? .notKnown
            if entry.verdict.outcome == .accepted && result != .newFile && result != .notKnown {
                differing.append(
                    "\(entry.phone.name) (\(entry.phone.model.name)) was forecast to take the new file, and holds the \(result.rawValue)"
                )
            }
        }
        guard differing.isEmpty else {
            throw MigrationError(
                .phonesDiffer, differing.joined(separator: "; ") + ".",
                next: "Look at the status messages on these phones; \(plan.strandedAdvice)")
        }
        return plan.forecast.entries.map { "\($0.phone.name): \((plan.after[$0.phone.name] ?? .notKnown).rawValue)" }
    }
}
