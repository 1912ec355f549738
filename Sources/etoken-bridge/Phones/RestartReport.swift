import Basics
import Configuration
import Messages
import Operations

/// What is going to be restarted, and what was.
struct RestartReport {
    struct Document: Encodable {
        struct Refused: Encodable { let phone, reason: String }

        /// `planned`, `finished`, `partly-done`, `interrupted`, `failed`
        let state: String
        let action: String
        let phones: Int
        let told: Int
        let refused: [Refused]
        /// Those that have not been told to restart; for a plan, all.
        let left: [String]
        /// Where a later run reads the progress of this one.
        let record: String?

        var text: String {
            if state == "planned" { return left.map(\.visible).joined(separator: "\n") }
            var lines = [
                localized(
                    action == "reset"
                        ? "\(told) of \(phones) phones have been told to reset; \(left.count) are left."
                        : "\(told) of \(phones) phones have been told to restart; \(left.count) are left.")
            ]
            for item in refused { lines.append(.verbatim("  \(item.phone)  \(item.reason)")) }
            return lines.joined(separator: "\n").localized
        }
    }

    let run: PhoneRestart
    let isReset: Bool

    private var action: String { isReset ? "reset" : "restart" }

    var announcement: String {
        let settings = run.settings
        let batches = (run.phones.count + settings.batch - 1) / settings.batch
        if run.phones.count == 1 { return localized("1 phone.").localized }
        return localized(
            batches, one: "\(run.phones.count) phones in 1 batch.",
            other:
                "\(run.phones.count) phones in \(batches) batches of up to \(settings.batch), with \(duration(settings.pause)) between them: at least \(duration(run.pauses))."
        ).localized
    }

    var planned: Document {
        Document(
            state: "planned", action: action, phones: run.phones.count, told: 0, refused: [], left: run.phones,
            record: nil)
    }

    func done(_ outcome: PhoneRestart.Outcome, record: String) -> Document {
        let state =
            outcome.failure != nil
            ? "failed" : !outcome.left.isEmpty ? "interrupted" : outcome.refused.isEmpty ? "finished" : "partly-done"
        return Document(
            state: state, action: action, phones: run.phones.count, told: outcome.told.count,
            refused: outcome.refused.map { .init(phone: $0.phone, reason: $0.error.message.localized) },
            left: outcome.left,
            record: record)
    }

    /// Throws the ``Failure`` that the run ends with.
    func check(_ outcome: PhoneRestart.Outcome, cluster: String) throws {
        let resume = "etoken-bridge phones restart --cluster \(Shell.word(cluster)) --resume"
        if let failure = outcome.failure {
            let cause = Failure(describing: failure)
            throw Failure(
                outcome.told.isEmpty ? cause.status : Status.partlyDone,
                localized(
                    isReset
                        ? "\(outcome.told.count) of \(run.phones.count) phones have been told to reset, then it failed. \(cause.what)"
                        : "\(outcome.told.count) of \(run.phones.count) phones have been told to restart, then it failed. \(cause.what)"
                ),
                code: cause.code,
                next: [cause.next, localized("Then continue: \(resume)")].compactMap(\.self).joined(separator: " "),
                causes: cause.causes)
        }
        guard outcome.left.isEmpty else {
            throw Failure(
                Status.interrupted,
                localized(
                    "Interrupted; \(outcome.left.count) of \(run.phones.count) phones have not been told to restart."),
                next: localized("Continue: \(resume)"))
        }
        if let first = outcome.refused.first {
            throw Failure(
                Status.partlyDone,
                localized(
                    isReset
                        ? "The cluster did not reset \(outcome.refused.count) of \(run.phones.count) phones. \(first.phone): \(first.error.message)."
                        : "The cluster did not restart \(outcome.refused.count) of \(run.phones.count) phones. \(first.phone): \(first.error.message)."
                ),
                next: localized("Look at them, then try them again: \(resume)"))
        }
    }
}
