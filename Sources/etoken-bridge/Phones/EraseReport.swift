import Basics
import Configuration
import Messages
import Operations
import Phones

/// What is going to be erased remotely, and what was.
struct EraseReport {
    struct Document: Encodable {
        struct Group: Encodable {
            let model, firmware: String
            let keys: [String]
            let source: LocalizableText
            /// The first one is the pilot.
            let phones: [String]
            /// Why the keys of no further phone of it are pressed.
            var stopped: LocalizableText?
        }

        struct Phone: Encodable {
            let phone: String
            let state: ErasureRecord.State
            let reason: LocalizableText?
            /// A file with what its display showed.
            let picture: String?
        }

        let cluster: String
        /// `planned`, `finished`, `partly-done`, `interrupted`, `failed`
        let state: String
        /// SHA-1 of the CTL file that the cluster serves.
        let ctl: String
        var groups: [Group]
        let visits: [ErasureSurvey.Visit]
        /// Phones whose page shows the cluster's file already.
        let upToDate: [String]
        /// What became of the phones of this run and of those that it continues.
        var phones: [Phone] = []
        /// Those whose keys were not pressed.
        var left: [String] = []
        /// Where a later run reads the progress of this one.
        var record: String?

        var text: String {
            var parts: [String] = []
            if state == "planned" {
                if !groups.isEmpty {
                    var table = Table(
                        localized("MODEL"), localized("FIRMWARE"), localized("PHONES"), localized("FIRST"),
                        localized("KEYS, AND WHO SAYS SO"))
                    for group in groups {
                        let keys = group.keys.map { $0.hasPrefix("Key:") ? String($0.dropFirst(4)) : $0 }
                        table.add(
                            group.model, group.firmware, "\(group.phones.count)", group.phones[0],
                            "\(keys.joined(separator: " ")) (\(group.source.localized))")
                    }
                    parts.append(table.text)
                }
            } else if !phones.isEmpty {
                var table = Table(localized("PHONE"), localized("STATE"))
                for phone in phones { table.add(phone.phone, phone.words) }
                parts.append(table.text)
            }
            for group in groups {
                guard let stopped = group.stopped else { continue }
                parts.append(
                    localized("Keys of no other \(group.model) with \(group.firmware) were pressed: \(stopped).")
                        .localized)
            }
            if !visits.isEmpty {
                var table = Table(localized("TO BE VISITED"), localized("MODEL"), localized("WHY"))
                for visit in visits { table.add(visit.phone, visit.model, visit.text) }
                parts.append(table.text)
            }
            if !upToDate.isEmpty {
                parts.append(
                    localized(
                        upToDate.count, one: "1 phone shows the cluster's file already.",
                        other: "\(upToDate.count) phones show the cluster's file already."
                    ).localized)
            }
            return parts.joined(separator: "\n\n")
        }
    }

    let cluster: String
    /// Of the CTL file that the cluster serves.
    let sha1: String
    let survey: ErasureSurvey

    private func document(_ state: String) -> Document {
        Document(
            cluster: cluster, state: state, ctl: sha1,
            groups: survey.groups.map {
                .init(
                    model: $0.model, firmware: $0.firmware, keys: $0.sequence.keys, source: $0.sequence.source,
                    phones: $0.phones.map(\.name))
            },
            visits: survey.visits, upToDate: survey.upToDate)
    }

    var planned: Document { document("planned") }

    func done(_ outcome: TrustListErasure.Outcome, _ record: ErasureRecord, _ pictures: [String: String]) -> Document {
        let isDone = record.left.isEmpty && survey.visits.isEmpty
        var document = document(
            outcome.failure != nil
                ? "failed" : outcome.isInterrupted ? "interrupted" : isDone ? "finished" : "partly-done")
        for index in document.groups.indices {
            document.groups[index].stopped =
                outcome.stopped.first {
                    $0.model == document.groups[index].model && $0.firmware == document.groups[index].firmware
                }?.reason
        }
        document.phones = record.phones.compactMap { record.entries[$0] }.map {
            .init(phone: $0.phone, state: $0.state, reason: $0.reason, picture: pictures[$0.phone])
        }
        document.left = record.phones.filter { record.entries[$0] == nil }
        document.record = record.path
        return document
    }

    /// Reports on the terminal what happens.
    func note(_ event: TrustListErasure.Event) {
        switch event {
        case .pilot(let target, let group):
            Terminal.note(localized("\(target.name) is the first \(group.model) with \(group.firmware) ..."))
        case .pressed(let phone): Terminal.note(localized("  \(phone): keys pressed"))
        case .skipped(let phone, let reason): Terminal.note(localized("  \(phone): skipped: \(reason)"))
        case .waiting(let phones, let seconds):
            Terminal.note(
                localized(
                    phones.count,
                    one: "Waiting for \(phones.first ?? "") to come back, at most \(duration(seconds)) ...",
                    other: "Waiting for \(phones.count) phones to come back, at most \(duration(seconds)) ..."))
        case .returned(let phone):
            Terminal.note(localized("  \(phone): is back; its page shows the cluster's file"))
        case .missing(let phone, let reason): Terminal.note(localized("  \(phone): \(reason)"))
        case .stopped(let group, let reason):
            Terminal.note(localized("Keys of no other \(group.model) with \(group.firmware) are pressed: \(reason)."))
        }
    }

    /// Throws the ``Failure`` that the run ends with.
    func check(_ outcome: TrustListErasure.Outcome, _ record: ErasureRecord) throws {
        let resume = localized(
            "Continue: etoken-bridge phones erase-trust-list --cluster \(word: cluster) --resume")
        let returned = record.phones.count { record.entries[$0]?.state == .returned }
        if let failure = outcome.failure {
            let cause = Failure(describing: failure)
            throw Failure(
                returned == 0 ? cause.status : Status.partlyDone,
                localized("\(returned) of \(record.phones.count) phones are back, then it failed. \(cause.what)"),
                code: cause.code, next: [cause.next, resume].compactMap(\.self).joined(separator: " "),
                causes: cause.causes)
        }
        if outcome.isInterrupted {
            throw Failure(
                Status.interrupted,
                localized("Interrupted; \(record.left.count) of \(record.phones.count) phones are not back."),
                next: resume)
        }
        let visited = localized(
            "What pages say proves nothing: look at the phones, then report them with phones visited. The list: etoken-bridge phones stranded --cluster \(word: cluster)"
        )
        guard record.left.isEmpty, survey.visits.isEmpty else {
            throw Failure(
                Status.partlyDone,
                localized(
                    "\(returned) of \(record.phones.count) phones are back with the cluster's file, say their pages; \(survey.visits.count) others have to be visited."
                ),
                next: record.left.contains { [nil, .skipped].contains(record.entries[$0]?.state) } ? resume : visited)
        }
        Terminal.note(visited)
    }
}

extension EraseReport.Document.Phone {
    fileprivate var words: LocalizableText {
        let text =
            switch state {
            case .pressing: localized("some keys were pressed; look at it")
            case .pressed: localized("keys pressed; not back yet")
            case .returned: localized("back with the cluster's file, says its page")
            case .missing: localized("did not come back; look at it")
            case .skipped: localized("skipped; nothing was erased")
            }
        return reason.map { localized("\(text): \($0)") } ?? text
    }
}
