import Basics
import Messages
import Operations
import Phones

/// The record as a web page: what is left to do first, then what a change board asks for, then what was done and seen.
///
/// Source: docs/change-record.md.
struct ChangeRecordPage {
    let record: ChangeRecord
    /// The name of the file next to the page that lists the phones that are left; nil if there is none.
    let lists: String?

    /// Of a table, and of a list of names. 40,000 phones have to fit on six printed pages.
    static let (longestTable, longestList) = (20, 40)

    var html: String {
        HTMLPage.page(
            title: localized("Change record \(record.id)"),
            """
            <header>
            <p class="state \(stateClass)">\(stateText)</p>
            <h1>\(record.title)</h1>
            <p>\(localized("Cluster \(record.cluster), CUCM \(record.version), \(record.securityMode) mode when it started. Change \(record.id)."))</p>
            </header>
            \(leftPart)
            \(failurePart)
            \(findingsPart)
            \(factsPart)
            \(forecastPart)
            \(forecastOfRollbackPart)
            \(introductionPart)
            \(backOutPart)
            \(filesPart)
            \(tokensPart)
            \(stepsPart)
            \(phonesPart)
            \(registrationsPart)
            \(runsPart)
            \(lookPart)
            \(rollbackPart)
            \(footer)
            """)
    }

    // MARK: What matters

    private var isPlanned: Bool { record.state == .planned || record.state == .alreadySo }

    private var stateClass: String {
        let isOver = record.state == .finished || record.state == .rolledBack
        return isOver && !record.leftToDo.isEmpty ? "left" : record.state.rawValue
    }

    private var stateText: LocalizableText {
        let left = record.leftToDo.reduce(0) { $0 + ($1.phones ?? 0) }
        return switch record.state {
        case .planned: localized("Planned; nothing was changed")
        case .alreadySo: localized("Nothing to do")
        case .unfinished: localized("Not finished")
        case .finished:
            left == 0
                ? localized("Done")
                : localized(left, one: "Done; 1 phone is left", other: "Done; \(left) phones are left")
        case .rollingBack: localized("Being rolled back")
        case .rolledBack:
            left == 0
                ? localized("Rolled back; everything is as it was")
                : localized(
                    left, one: "Rolled back; 1 phone is left", other: "Rolled back; \(left) phones are left")
        case .abandoned: localized("Abandoned; what was changed remains changed")
        }
    }

    private var leftPart: HTML {
        let title: LocalizableText
        switch record.state {
        case .planned: title = localized("Left to do by hand after the change")
        case .rolledBack where record.leftToDo.isEmpty: return ""
        case .alreadySo: return ""
        case .rolledBack, .unfinished, .finished, .rollingBack, .abandoned: title = localized("Left to do")
        }
        guard !record.leftToDo.isEmpty else {
            return HTML.section(title, "<p>\(localized("Nothing."))</p>")
        }
        let items = record.leftToDo.map { task -> HTML in
            "<li><b>\(task.text)</b>\(task.next.map { "<br>\($0)" as HTML })</li>"
        }
        let left = record.phonesLeft()
        let names: HTML
        if left.isEmpty {
            names = ""
        } else if left.count <= Self.longestList {
            names = "<p>\(left.map(\.phone).joined(separator: " "))</p>"
        } else {
            names =
                "<p>\(localized("All \(left.count) by name, with model, pool and what to press: \(listPlace)."))</p>"
        }
        return HTML.section(title, class: "left", "<ol>\(items)</ol>\(names)")
    }

    /// Where to find all phones that the page only counts.
    var listPlace: LocalizableText {
        lists.map { .verbatim($0) } ?? localized("the JSON file next to this page")
    }

    var allPlace: LocalizableText { localized("the JSON file has all") }

    private var failurePart: HTML {
        guard let failure = record.failure else { return "" }
        return HTML.section(
            localized("What went wrong"), class: "failure",
            "<p>\(failure.text)</p>\(failure.next.map { "<p>\($0)</p>" as HTML })")
    }

    private var findingsPart: HTML {
        guard !record.findings.isEmpty else { return "" }
        return HTML.section(
            localized("Found on the cluster before the change"), class: "failure",
            .list(record.findings.map { [[$0.text], $0.next].flatMap(\.self).joined(separator: " ") }))
    }

    private var factsPart: HTML {
        var facts: [(LocalizableText, HTML)] = []
        for ticket in record.tickets { facts.append((ticket.label, "\(ticket.text)")) }
        facts.append((localized("Planned"), .time(record.planned)))
        if let run = record.runs.last {
            facts.append((localized("Run by"), "\(DocumentAuthor.name(run.who, run.sudoUser))"))
        }
        if let first = record.runs.first { facts.append((localized("Started"), .time(first.time))) }
        if let ended = record.ended { facts.append((localized("Ended"), .time(ended))) }
        if let summary = record.summary {
            facts.append((localized("Phones"), "\(summary.phoneCounts)"))
            facts.append((localized("Restarts"), "\(summary.restartList)"))
            let times = [summary.timeText] + [summary.serviceText].compactMap(\.self)
            facts.append((localized("Time"), "\(times.joined(separator: " "))"))
        } else if record.forecast.count > 0 {
            facts.append((localized("Phones"), "\(forecastText)"))
        }
        if let back = record.registrations?.summary { facts.append((localized("Registered"), "\(back).")) }
        if let backOut = record.backOut?.sentences { facts.append((localized("Back-out"), "\(backOut)")) }
        if let preflight = record.preflight { facts.append((localized("Tried before"), "\(preflight.outcome)")) }
        return HTML.section(localized("In short"), HTMLTable.facts(facts))
    }

    private var runsPart: HTML {
        guard !record.runs.isEmpty else {
            return HTML.section(
                localized("Who, where and when"),
                "<p>\(localized("It has never been run; it was planned \(record.planned.shown)."))</p>")
        }
        var table = HTMLTable(
            (localized("Time"), .word), (localized("Run"), .word), (localized("By"), .text),
            (localized("With"), .text), (localized("Command"), .text))
        for run in record.runs {
            let command: HTML = run.command.map { "<code>\($0)</code>" } ?? "-"
            table.add(
                .timeInColumn(run.time), "\(run.purpose.rawValue)", "\(DocumentAuthor.name(run.who, run.sudoUser))",
                "etoken-bridge \(run.version)", command)
        }
        let end = record.ended.map { "<p>\(localized("Ended \($0.shown)."))</p>" as HTML } ?? ""
        let signed =
            record.signature.map { signature in
                let text = localized(
                    "Signed on another machine by \(signature.by) at \(signature.time.shown): the plan with the SHA-256 \(signature.plan)."
                )
                return "<p>\(text)</p>" as HTML
            } ?? "" as HTML
        return HTML.section(localized("Who, where and when"), "\(table.html)\(signed)\(end)")
    }

    private var footer: HTML {
        let seal = record.journal.map { journal -> HTML in
            """
            <p>\(localized("Made from the journal \(journal.path), \(journal.lines) lines, SHA-256:")) <code>\(journal.sha256)</code><br>
            \(localized("To compare:")) <code>\(journal.command)</code></p>
            """
        }
        return "<footer>\(record.writtenBy.map { "<p>\($0.text)</p>" as HTML } ?? "")\(seal ?? "")</footer>"
    }

    // MARK: Files

    private var filesPart: HTML {
        var table = HTMLTable(
            (localized("File"), .name), (localized("Bytes"), .number), (localized("Records"), .number),
            (localized("Signed by"), .text), (localized("Timestamp"), .text), (localized("Checksums"), .text))
        func add(_ label: LocalizableText, _ file: ChangeRecord.File?) {
            guard let file else { return table.add("\(label)", "-", "-", "\(localized("no file"))", "-", "-") }
            table.add(
                "\(label)", "\(file.length)", "\(file.records)", "<span class=\"name\">\(file.signer)</span>",
                .timeInColumn(file.made),
                "<code>MD5 \(file.md5)<br>SHA-1 \(file.sha1)<br>SHA-256 \(file.sha256)</code>")
        }
        add(localized("Before"), record.before)
        if record.after != nil || !isPlanned { add(localized("New"), record.after) }
        let served = localized("Nodes that serve it: \(record.nodes.joined(separator: ", ")).")
        let rows = record.recordChanges.map { change -> HTML in
            let style =
                switch change.localized.first {
                case "+": "added"
                case "-": "removed"
                default: "changed"
                }
            return "<li class=\"\(style)\">\(change)</li>"
        }
        let changes: HTML =
            rows.isEmpty ? "" : "<h3>\(localized("Records"))</h3><ul class=\"records\">\(rows)</ul>"
        let texts =
            [record.way].compactMap(\.self) + record.droppedTokens.map(\.text)
            + [record.signerChange].compactMap(\.self)
        let kept =
            isPlanned
            ? "" : record.backup.map { "<p>\(localized("The previous file was saved as \($0)."))</p>" as HTML } ?? ""
        return HTML.section(localized("CTL file"), "\(changes)\(HTML.list(texts))\(table.html)<p>\(served)</p>\(kept)")
    }

    private var tokensPart: HTML {
        guard !record.tokens.isEmpty else { return "" }
        var table = HTMLTable(
            (localized("Token"), .name), (localized("Certificate"), .text), (localized("Serial number"), .text),
            (localized("Key"), .word), (localized("Valid"), .text), (.verbatim("SHA-1"), .text))
        for token in record.tokens {
            table.add(
                "\(token.label)\(token.signs ? " (\(localized("signs")))" : "")",
                "<span class=\"name\">\(token.subject)</span><br>\(localized("issued by \(token.issuer)"))",
                "<code>\(token.serialNumber.asSerialNumber)</code>", "RSA \(token.keyBits)",
                "\(token.notBefore.day) \(localized("to")) \(token.notAfter.day)", "<code>\(token.sha1)</code>")
        }
        return HTML.section(localized("Security tokens"), table.html)
    }

    /// What proved a step. The forecast's is above, in tables.
    private func proofs(_ step: ChangeRecord.StepRecord) -> HTML {
        let left = step.proofs.count - Self.longestProof
        guard left > 0 else { return HTML.list(step.proofs) }
        let more = localized(left, one: "and 1 more: \(allPlace)", other: "and \(left) more: \(allPlace)")
        return HTML.list(step.proofs.prefix(Self.longestProof) + [more])
    }

    private static let longestProof = 10

    private var stepsPart: HTML {
        isPlanned ? plannedSteps : doneSteps
    }

    private var plannedSteps: HTML {
        var table = HTMLTable((.verbatim("#"), .number), (localized("Step"), .text))
        for (index, step) in record.steps.enumerated() {
            table.add("\(index + 1)", "<b>\(step.title)</b><br>\(step.text)")
        }
        return HTML.section(localized("Steps"), table.html)
    }

    private var doneSteps: HTML {
        var table = HTMLTable(
            (.verbatim("#"), .number), (localized("Step and result"), .text), (localized("State"), .word),
            (localized("Started"), .text), (localized("Took"), .number))
        for (index, step) in record.steps.enumerated() {
            table.add(
                "\(index + 1)", "<b>\(step.title)</b><br>\(step.text)\(proofs(step))", "\(step.state.text)",
                step.began.map(HTML.timeInColumn) ?? "", step.seconds.map { "\(ProgressEstimate.text($0))" } ?? "",
                style: step.state.rawValue)
        }
        return HTML.section(localized("Steps"), table.html)
    }

    private var lookPart: HTML {
        guard let after = record.after, record.state == .finished else { return "" }
        let look = localized(
            "On a phone: Settings > Security Configuration > Trust List > CTL File. It shows the MD5 (older models) or the SHA-1 of the file: \(after.md5) or \(after.sha1)."
        )
        return HTML.section(localized("What to look for"), "<p>\(look)</p>")
    }
}

extension ChangeRecord {
    /// The record as a web page: one file, without scripts and without any reference to another, fit for printing.
    public var html: String { html(lists: nil) }

    /// - Parameter lists: the name of the file next to the page with the phones that are left (``phoneList``).
    public func html(lists: String?) -> String { ChangeRecordPage(record: self, lists: lists).html }

    /// The phones that are left, as CSV, if they are more than the page lists by name.
    public var phoneList: [UInt8]? {
        let left = phonesLeft()
        return left.count > ChangeRecordPage.longestList ? Worklist(left).csv() : nil
    }
}
