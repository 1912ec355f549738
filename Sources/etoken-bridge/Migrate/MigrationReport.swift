import Certificates
import Migration
import Phones

/// What a migration found, planned and did: for the terminal and as JSON.
struct MigrationReport: Encodable {
    enum State: String, Encodable {
        case planned
        case changed
        case alreadySo = "already-so"
    }

    struct File: Encodable {
        let length: Int
        let md5, sha1, signer: String

        init(_ bytes: [UInt8], signer: String) {
            length = bytes.count
            md5 = Digest.md5(bytes).hex
            sha1 = Digest.sha1(bytes).hex
            self.signer = signer
        }
    }

    struct PlannedStep: Encodable {
        let id, title, effect, state, text: String

        init(checking step: any Step) throws {
            (id, title, effect) = (step.id, step.title, step.effect.rawValue)
            switch try step.check() {
            case .done(let text): (state, self.text) = ("done", text)
            case .pending(let text): (state, self.text) = ("pending", text)
            }
        }
    }

    struct PhoneEntry: Encodable {
        let phone, model, before, forecast, rule, reason: String
        let after: String?
    }

    var state = State.planned
    let cluster, version: String
    let before: File
    var after: File?
    let tokens: [String]
    let signer: String
    var steps: [PlannedStep] = []
    var phones: [PhoneEntry]
    let output, backup: String
    var advice: String?

    init(plan: ToEtoken<LiveCluster>, cluster: String, options: ToEtoken<LiveCluster>.Options) {
        self.cluster = cluster
        version = plan.survey.version
        before = File(plan.survey.presentBytes, signer: plan.survey.present.header.signerName)
        tokens = options.tokens.map(\.label)
        signer = options.tokens[options.signer].label
        output = options.output
        backup = options.state.backupPath(of: plan.survey.presentBytes)
        phones = []
        update(from: plan)
    }

    mutating func update(from plan: ToEtoken<LiveCluster>) {
        phones = plan.forecast.entries.map { entry in
            PhoneEntry(
                phone: entry.phone.name, model: entry.phone.model.name, before: entry.before,
                forecast: entry.verdict.outcome.rawValue, rule: entry.verdict.rule.rawValue,
                reason: entry.verdict.reason, after: plan.after[entry.phone.name]?.rawValue)
        }
        after = plan.newFile.map { File($0, signer: signer) }
        advice = plan.forecast.stranded.isEmpty ? nil : plan.strandedAdvice
    }

    var text: String {
        var parts = [header]
        if !steps.isEmpty {
            let lines = steps.enumerated().map { index, step in
                "\(index + 1 < 10 ? " " : "")\(index + 1). \(step.title)\n    \(step.state == "done" ? "already so: " : "")\(step.text)"
            }
            parts.append("Plan (nothing has been changed):\n" + lines.joined(separator: "\n"))
        }
        if state != .alreadySo { parts.append(phoneTable) }
        if state == .changed, let after {
            parts.append(
                """
                CTL file before: \(before.length) bytes, SHA-1 \(before.sha1)
                CTL file now:    \(after.length) bytes, SHA-1 \(after.sha1), signed by \(signer)
                Files are in \(output); the previous CTL file is kept as
                \(backup)
                """)
        }
        if let advice, state != .alreadySo {
            let names = phones.filter { $0.forecast != "accepted" }.map(\.phone).joined(separator: ", ")
            parts.append("Left to do by hand for \(names): \(advice)")
        }
        return parts.joined(separator: "\n\n")
    }

    private var header: String {
        if state == .alreadySo {
            return
                "Cluster \(cluster): nothing to do. Its CTL file (\(before.length) bytes) holds \(tokens.joined(separator: " and ")), and one of them signed it."
        }
        return """
            Cluster \(cluster), CUCM \(version)
            Present CTL file: \(before.length) bytes, signed by \(before.signer)
            New CTL file: tokens \(tokens.joined(separator: " and ")), signed by \(signer)
            """
    }

    private var phoneTable: String {
        var table = Table("PHONE", "MODEL", "BEFORE", "FORECAST", "AFTER", "WHY")
        for entry in phones {
            table.add(entry.phone, entry.model, entry.before, entry.forecast, entry.after ?? "-", entry.reason)
        }
        return table.text
    }
}
