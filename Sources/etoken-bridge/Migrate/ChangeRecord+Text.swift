import Basics
import Operations
import Messages
import Migration
import Phones

extension ChangeRecord {
    /// The record for the terminal: where the change is comes first, and what is left to do by hand last.
    var styled: [StyledText] {
        if state == .alreadySo { return [StyledText(text: nothingToDo)] }
        var parts = [StyledText(text: header, style: headerStyle)]
        func add(_ text: String?) { if let text { parts.append(StyledText(text: text)) } }
        if let remaining {
            add(Self.part(of: remaining))
            return parts
        }
        if let rollback {
            for part in Self.parts(of: rollback) { add(part) }
            return parts
        }
        if state != .planned { parts += standing }
        let others = foreignRecords.map { localized("Stays in the file although nobody named it: \($0.text)") }
        // What a change was meant to do no longer matters once it is undone.
        let isBack = state == .rollingBack || state == .rolledBack
        add(way?.localized)
        let texts = others + recordChanges + droppedTokens.map(\.text) + [signerChange].compactMap(\.self)
        if !texts.isEmpty, summary == nil, !isBack { add(texts.joined(separator: "\n").localized) }
        if summary == nil, state == .planned, !findings.isEmpty { parts.append(findingLines) }
        if state == .planned, steps.contains(where: { !$0.text.localized.isEmpty }) { add(plan) }
        if forecast.count > 0, !isBack { add(phoneTable) }
        if !isBack { add(introduction?.table) }
        add(introductionAdvice?.localized)
        if let registrations, registrations.after != nil { add(registrations.text(Self.longest)) }
        add(clientAdvice?.localized)
        if let backOut, summary == nil, !isBack { add(backOut.text.localized) }
        if state != .planned { add(files) }
        if state == .finished || state == .rolledBack {
            for task in leftToDo where task.code == .notRestarted || task.code == .otherFile {
                add(([task.text] + task.next).joined(separator: "\n").localized)
            }
        }
        if let advice, state == .planned || state == .finished || state == .rolledBack {
            let stranded = (lastForecast?.stranded ?? []).flatMap(\.phones)
            let first = stranded.prefix(5).joined(separator: ", ")
            let names = stranded.count > 5 ? localized("\(first) and \(stranded.count - 5) more").localized : first
            add(
                state == .planned
                    ? localized("Left to do by hand after the change for \(names): \(advice)").localized
                    : localized("Left to do by hand for \(names): \(advice)").localized)
            if stranded.count > 5 { add(allNames) }
        }
        // Last, because the question follows: what scrolled past is in it again, in figures.
        if let summary { parts += self.parts(of: summary, records: texts) }
        return parts
    }

    private var headerStyle: Output.Style? {
        switch state {
        case .planned, .alreadySo: nil
        case .finished, .rolledBack: .green
        case .unfinished, .rollingBack, .abandoned: .bold
        }
    }

    private var signer: String {
        tokens.first(where: \.signs)?.label ?? after?.signer ?? localized("the cluster itself").localized
    }

    private var nothingToDo: String {
        guard let before else {
            return localized("Cluster \(cluster): nothing to do. It serves no CTL file; it is in \(securityMode) mode.")
                .localized
        }
        if kind == .updateCertificates {
            return localized(
                "Cluster \(cluster): nothing to do. The certificates in its CTL file (\(before.length) bytes, signed by \(before.signer)) match those of the nodes."
            ).localized
        }
        return tokens.isEmpty
            ? localized(
                "Cluster \(cluster): nothing to do. Its CTL file (\(before.length) bytes) is signed by \(before.signer); it is in \(securityMode) mode."
            ).localized
            : localized(
                "Cluster \(cluster): nothing to do. Its CTL file (\(before.length) bytes) contains \(tokens.map(\.label).list), and one of them signed it; it is in \(securityMode) mode."
            ).localized
    }

    private var header: String {
        if state != .planned {
            return [
                heading,
                localized("Cluster \(cluster), CUCM \(version), \(securityMode) mode when it started: \(title)")
                    .localized,
                tokens.isEmpty ? nil : localized("Tokens \(tokens.map(\.label).list); \(signer) signs").localized,
                signature.map { localized("Signed on another machine by \($0.by) at \($0.time.shown)").localized },
            ].compactMap(\.self).joined(separator: "\n") + ticketLines
        }
        let file =
            before.map { localized("Current CTL file: \($0.length) bytes, signed by \($0.signer)") }
            ?? localized("Current CTL file: none")
        let present = proof.map { localized("\(file); \($0.text)") } ?? file
        let new =
            tokens.isEmpty
            ? localized("New CTL file: signed by \(signer)")
            : localized("New CTL file: tokens \((keptTokens + tokens.map(\.label)).list), signed by \(signer)")
        // Labels are only names: which certificates these are shows here, before the question.
        let certificates = tokens.map {
            localized("  token \($0.label): serial number \($0.serialNumber.asSerialNumber), SHA-1 \($0.sha1)")
                .localized
        }
        return
            ([
                localized("Cluster \(cluster), CUCM \(version), \(securityMode) mode: \(title)"), present, new,
            ].map(\.localized) + certificates).joined(separator: "\n") + ticketLines
    }

    private var ticketLines: String { tickets.map { "\n" + localized("\($0.label): \($0.text)").localized }.joined() }

    /// The change's name, as used with `--change`, and its outcome.
    private var heading: String {
        let end = ended?.shown ?? ""
        return switch state {
        case .finished: localized("Change \(id): finished \(end)").localized
        case .rolledBack: localized("Change \(id): rolled back \(end)").localized
        case .abandoned: localized("Change \(id): abandoned \(end)").localized
        case .rollingBack: localized("Change \(id): being rolled back").localized
        case .planned, .alreadySo, .unfinished: localized("Change \(id): not finished").localized
        }
    }

    /// Other problems of the cluster, each with what to do.
    private var findingLines: StyledText {
        let lines = findings.map { finding in
            let text =
                finding.severity == .error
                ? localized("ERROR    \(finding.text)") : localized("warning  \(finding.text)")
            return ([text.localized] + finding.next.map { "         " + localized("Next: \($0)").localized }).joined(
                separator: "\n")
        }
        return StyledText(
            text: localized("Found on the cluster:").localized + "\n" + lines.joined(separator: "\n"),
            style: findings.contains { $0.severity == .error } ? .red : nil)
    }

    /// Everything that someone who answers the question has to know: what was found comes first.
    private func parts(of summary: PlanSummary, records: [LocalizableText]) -> [StyledText] {
        var parts = findings.isEmpty ? [] : [findingLines]
        func add(_ text: String, _ style: Output.Style? = nil) {
            parts.append(StyledText(text: text, style: style, isClose: !parts.isEmpty))
        }
        add(summary.phoneText.localized, summary.follow == summary.phones ? .green : .bold)
        var table = Table(
            localized("PHONES"), localized("MODEL"), localized("DEVICE POOL"), localized("FORECAST"))
        for visit in summary.visits.prefix(Self.shownVisits) {
            table.add("\(visit.phones)", visit.model, visit.pool ?? "-", visit.outcome.text)
        }
        if !table.rows.isEmpty { add(table.text) }
        let rest = summary.visits.dropFirst(Self.shownVisits)
        if !rest.isEmpty {
            add(PlanSummary.more(rest.reduce(0) { $0 + $1.phones }, in: rest.count).localized)
        }
        if !records.isEmpty { add(localized("Records:\n\(records.joined(separator: "\n"))").localized) }
        let figures = [summary.restartText, summary.timeText, summary.serviceText, backOut?.text, preflight?.text]
        for text in figures.compactMap(\.self) {
            add(text.localized)
        }
        return parts
    }

    private static let shownVisits = 8

    /// How to get what a line or table omits.
    private var allNames: String {
        state == .planned
            ? localized("The same command with --dry-run --json lists all phones by name.").localized
            : localized(
                "All by name: etoken-bridge migrate status --cluster \(word: cluster) --change \(word: id) --json"
            )
            .localized
    }

    /// Nobody reads more rows.
    private static let longest = 30

    private static func part(of remaining: RemainingWork) -> String {
        guard !remaining.steps.isEmpty else {
            return localized("Nothing is left to do but to close the change.").localized
        }
        return [localized("Still to do:").localized, lines(of: remaining.steps), remaining.timeText.localized]
            .joined(separator: "\n")
    }

    private static func lines(of steps: [RollbackPlan.Step]) -> String {
        steps.enumerated().map { index, step in
            "\(index + 1 < 10 ? " " : "")\(index + 1). \(step.title)" + step.texts.map { "\n    \($0)" }.joined()
        }.joined(separator: "\n")
    }

    private static func parts(of rollback: RollbackPlan) -> [String] {
        let plan =
            localized("Roll back (nothing has been changed):").localized + "\n" + lines(of: rollback.steps)
        guard let forecast = rollback.forecast, forecast.count > 0 else { return [plan] }
        return [plan, table(of: forecast, after: nil)]
    }

    private var plan: String {
        let lines = steps.enumerated().map { index, step in
            let text = step.state == .done ? localized("already so: \(step.text)") : step.text
            return "\(index + 1 < 10 ? " " : "")\(index + 1). \(step.title)\n    \(text)"
        }
        return localized("Plan (nothing has been changed):").localized + "\n" + lines.joined(separator: "\n")
    }

    /// The forecast and, once the change is running, what phones hold after it.
    private var phoneTable: String {
        Self.table(
            of: forecast,
            after: Dictionary(
                phones.flatMap { group in group.phones.map { ($0, group.result.text.localized) } },
                uniquingKeysWith: { $1 }))
    }

    /// A line for each phone or, if there are many, for each group of them.
    ///
    /// - Parameter after: by phone, what it holds now; nil for a table without it.
    static func table(of forecast: StoredForecast, after: [String: String]?) -> String {
        let isGrouped = forecast.count > 20
        let head: [LocalizableText] = [
            localized(isGrouped ? "PHONES" : "PHONE"), localized("MODEL"), localized("BEFORE"), localized("FORECAST"),
        ]
        var table = Table(head + (after == nil ? [] : [localized("AFTER")]) + [localized("WHY")])
        func add(_ who: String, _ group: StoredForecast.Group, _ result: String) {
            let cells: [any TableCell] = [who, group.model, group.before, group.outcome.text]
            table.add(cells + (after == nil ? [] : [result]) + [group.reason])
        }
        let refusedFirst = forecast.stranded + forecast.groups.filter { $0.outcome == .accepted }
        for group in isGrouped ? forecast.alike : refusedFirst {
            guard isGrouped else {
                for phone in group.phones { add(phone, group, after?[phone] ?? "-") }
                continue
            }
            let results = Dictionary(grouping: group.phones) { after?[$0] ?? "-" }
            for (result, members) in results.sorted(by: { $0.key < $1.key }) { add("\(members.count)", group, result) }
        }
        let left = table.rows.count - longest
        guard isGrouped, left > 0 else { return table.text }
        table.rows.removeLast(left)
        return table.text + "\n" + localized("\(left) more rows are not shown; --json has them all.").localized
    }

    /// The progress of a change that has started, and the commands that continue it.
    private var standing: [StyledText] {
        var lines: [LocalizableText] = []
        let resume = localized("Resume it: etoken-bridge migrate resume --cluster \(word: cluster)")
        let rollBack = localized("Roll it back: etoken-bridge migrate rollback --cluster \(word: cluster)")
        let isRunning = running?.change == id
        switch state {
        case .planned, .alreadySo, .finished: break
        case .rolledBack: lines.append(localized("Everything is as it was before: \(id) was rolled back."))
        case .rollingBack:
            lines.append(localized("\(id) is being rolled back."))
            if !isRunning {
                lines.append(
                    localized("Continue: etoken-bridge migrate rollback --cluster \(word: cluster)"))
            }
        case .abandoned: lines.append(localized("\(id) was abandoned; what it changed remains changed."))
        case .unfinished:
            let done = steps.count { $0.state == .done }
            lines.append(localized("\(id) is not finished: \(done) of \(steps.count) steps are done."))
            lines += isRunning ? [] : [resume, rollBack]
        }
        if isRunning {
            lines.append(
                localized("Watch it: etoken-bridge migrate status --cluster \(word: cluster) --follow"))
        }
        var parts = lines.isEmpty ? [] : [StyledText(text: lines.joined(separator: "\n").localized)]
        // What failed before everything was restored no longer matters.
        if let failure, state != .rolledBack {
            parts.append(
                StyledText(
                    text: localized("Last failure: \(failure.text)").localized, style: .red, isClose: !parts.isEmpty))
        }
        return parts
    }

    private var files: String {
        var lines = [
            before.map { localized("CTL file before: \($0.length) bytes, SHA-1 \($0.sha1), signed by \($0.signer)") }
                ?? localized("CTL file before: none")
        ]
        if let after {
            lines.append(
                localized(
                    state == .finished
                        ? "CTL file now:    \(after.length) bytes, SHA-1 \(after.sha1), signed by \(signer)"
                        : "CTL file built:  \(after.length) bytes, SHA-1 \(after.sha1), signed by \(signer)"))
        }
        lines.append(
            backup.map { localized("Files are in \(output); the previous CTL file was saved as\n\($0)") }
                ?? localized("Files are in \(output)"))
        return lines.joined(separator: "\n").localized
    }
}
