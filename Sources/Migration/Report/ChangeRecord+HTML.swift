import Operations
import Basics
import Messages
import Phones

extension ChangeRecord {
    /// The record as a web page: one file, without scripts and without any reference to another, fit for printing.
    public var html: String {
        HTMLPage.page(
            title: localized("Change record \(id)"),
            """
            <header>
            <p class="state \(state.rawValue)">\(Self.words(state))</p>
            <h1>\(title)</h1>
            <p>\(localized("Cluster \(cluster), CUCM \(version), \(securityMode) mode when it began. Change \(id)."))</p>
            </header>
            \(failurePart)
            \(findingsPart)
            \(summaryPart)
            \(runsPart)
            \(filesPart)
            \(tokensPart)
            \(forecastPart)
            \(introductionPart)
            \(backOutPart)
            \(stepsPart)
            \(phonesPart)
            \(registrationsPart)
            \(rollbackPart)
            \(lookPart)
            """)
    }

    private static func words(_ state: State) -> LocalizableText {
        switch state {
        case .planned: localized("Planned; nothing was changed")
        case .alreadySo: localized("Nothing to do")
        case .unfinished: localized("Not finished")
        case .finished: localized("Done")
        case .rollingBack: localized("Being rolled back")
        case .rolledBack: localized("Rolled back; everything is as it was")
        case .abandoned: localized("Abandoned; what was changed remains changed")
        }
    }

    private static func time(_ time: Timestamp) -> HTML { "<time>\(time.description)</time>" }

    private static func section(_ title: LocalizableText, class name: String = "", _ body: HTML) -> HTML {
        """
        <section class="\(name)"><h2>\(title)</h2>
        \(body)
        </section>
        """
    }

    /// A table: its headings, and rows that are already markup.
    private static func table(_ heads: [LocalizableText], _ rows: [HTML]) -> HTML {
        "<table><tr>\(heads.map { "<th>\($0)</th>" as HTML })</tr>\(rows)</table>"
    }

    private var failurePart: HTML {
        guard let failure else { return "" }
        return Self.section(
            localized("What went wrong"), class: "failure",
            "<p>\(failure.text)</p>\(failure.next.map { "<p>\($0)</p>" as HTML })")
    }

    private var findingsPart: HTML {
        guard !findings.isEmpty else { return "" }
        let items = findings.map { "<li>\($0.text) \($0.next.joined(separator: " "))</li>" as HTML }
        return Self.section(localized("Found on the cluster before the change"), class: "failure", "<ul>\(items)</ul>")
    }

    private var summaryPart: HTML {
        guard let summary else { return "" }
        let rows = summary.visits.map { visit in
            """
            <tr class="\(visit.outcome.rawValue)"><td>\(visit.phones)</td><td>\(visit.model)</td><td>\(visit.pool ?? "-")</td>
            <td class="word">\(visit.outcome.text)</td></tr>
            """ as HTML
        }
        let heads: [LocalizableText] = [
            localized("Phones"), localized("Model"), localized("Device pool"), localized("Will"),
        ]
        let visits: HTML = rows.isEmpty ? "" : Self.table(heads, rows)
        let lines =
            ([summary.restartText, summary.timeText]
            + [summary.serviceText, backOut?.text, preflight?.text].compactMap(\.self))
            .map { "<li>\($0)</li>" as HTML }
        return Self.section(localized("In short"), "<p>\(summary.phoneText)</p>\(visits)<ul>\(lines)</ul>")
    }

    private var runsPart: HTML {
        let rows = runs.map { run in
            "<tr><td>\(Self.time(run.time))</td><td>\(run.purpose.rawValue)</td><td>\(run.who)</td><td>etoken-bridge \(run.version)</td></tr>"
                as HTML
        }
        let heads: [LocalizableText] = [localized("Time (UTC)"), localized("Run"), localized("By"), localized("With")]
        let none = localized("It has never been run; it was planned \(planned).")
        let end = ended.map { "<p>\(localized("Ended \($0)."))</p>" as HTML } ?? ""
        let signed: HTML =
            signature.map { signature in
                let text = localized(
                    "Signed on another machine by \(signature.by) at \(signature.time): the plan with the SHA-256 \(signature.plan)."
                )
                return "<p>\(text)</p>" as HTML
            } ?? "" as HTML
        return Self.section(
            localized("Who, where and when"),
            rows.isEmpty ? "<p>\(none)</p>" : "\(Self.table(heads, rows))\(signed)\(end)")
    }

    private var filesPart: HTML {
        func row(_ label: LocalizableText, _ file: File?) -> HTML {
            guard let file else { return "<tr><th>\(label)</th><td colspan=\"5\">\(localized("no file"))</td></tr>" }
            return """
                <tr><th>\(label)</th><td>\(file.length)</td><td>\(file.records)</td><td class="name">\(file.signer)</td>
                <td>\(Self.time(file.made))</td>
                <td><code>MD5 \(file.md5)<br>SHA-1 \(file.sha1)<br>SHA-256 \(file.sha256)</code></td></tr>
                """
        }
        let heads: [LocalizableText] = [
            .verbatim(""), localized("Bytes"), localized("Records"), localized("Signed by"),
            localized("Timestamp (UTC)"),
            localized("Checksums"),
        ]
        let table = Self.table(heads, [row(localized("Before"), before), row(localized("New"), after)])
        let served = localized("Nodes that serve it: \(nodes.joined(separator: ", ")).")
        let texts =
            [way].compactMap(\.self) + recordChanges + droppedTokens.map(\.text) + [signerChange].compactMap(\.self)
        let changes: HTML =
            texts.isEmpty ? "" : "<ul>\(texts.map { "<li>\($0)</li>" as HTML })</ul>"
        let kept = backup.map { "<p>\(localized("The previous file was saved as \($0)."))</p>" as HTML } ?? ""
        return Self.section(localized("CTL file"), "\(table)<p>\(served)</p>\(changes)\(kept)")
    }

    private var tokensPart: HTML {
        guard !tokens.isEmpty else { return "" }
        let rows = tokens.map { token in
            """
            <tr><td>\(token.label)\(token.signs ? " (\(localized("signs")))" : "")</td>
            <td class="name">\(token.subject)<br>\(localized("issued by \(token.issuer)"))</td>
            <td><code>\(token.serialNumber)</code></td><td>RSA \(token.keyBits)</td>
            <td>\(Self.time(token.notBefore)) \(localized("to")) \(Self.time(token.notAfter))</td><td><code>\(token.sha1)</code></td></tr>
            """ as HTML
        }
        let heads: [LocalizableText] = [
            localized("Token"), localized("Certificate"), localized("Serial"), localized("Key"),
            localized("Valid (UTC)"), .verbatim("SHA-1"),
        ]
        return Self.section(localized("Security tokens"), Self.table(heads, rows))
    }

    private var backOutPart: HTML {
        guard let backOut else { return "" }
        func words(_ price: BackOut.Price) -> LocalizableText {
            switch price.from {
            case .start: localized("Before the new file is deployed")
            case .deployed:
                price.step.map { localized("After step \($0), before phones restart") }
                    ?? localized("Before phones restart")
            case .restarted:
                price.step.map { localized("After step \($0): phones have restarted") }
                    ?? localized("Once phones have restarted")
            }
        }
        let rows = backOut.prices.map { price in
            "<tr><td>\(words(price))</td><td>\(price.accepted)</td><td>\(price.refused)</td><td>\(price.unknown)</td></tr>"
                as HTML
        }
        let heads: [LocalizableText] = [
            localized("If one turns round"), localized("Accept the previous file"), localized("Need a visit"),
            localized("Not known"),
        ]
        return Self.section(localized("The way back"), "<p>\(backOut.text)</p>\(Self.table(heads, rows))")
    }

    private var stepsPart: HTML {
        let rows = steps.enumerated().map { index, step in
            """
            <tr class="\(step.state.rawValue)"><td>\(index + 1)</td><td><b>\(step.title)</b><br>\(step.text)
            <ul>\(step.proofs.map { "<li>\($0)</li>" as HTML })</ul></td>
            <td class="word">\(step.state.text)</td><td>\(step.began.map(Self.time) ?? "")</td><td class="number">\(step.seconds.map { "\($0)\u{a0}s" } ?? "")</td></tr>
            """ as HTML
        }
        let heads: [LocalizableText] = [
            .verbatim("#"), localized("Step and result"), localized("State"), localized("Began (UTC)"),
            localized("Took"),
        ]
        return Self.section(localized("Steps"), Self.table(heads, rows))
    }

    // MARK: Phones

    private var forecastPart: HTML {
        guard forecast.count > 0 else {
            return Self.section(localized("Forecast"), "<p>\(localized("The cluster has no phones."))</p>")
        }
        let rows = forecast.groups.map { group in
            """
            <tr class="\(group.outcome.rawValue)"><td>\(group.model)</td><td>\(group.phones.count)</td><td>\(group.before)</td>
            <td class="word">\(group.outcome.text)</td><td>\(group.reason)</td></tr>
            """ as HTML
        }
        let clients = clientAdvice.map { "<p>\($0)</p>" as HTML } ?? ""
        let summary = localized(
            "\(forecast.count(.accepted)) of \(forecast.count) phones accept the new file, \(forecast.count(.refused)) refuse it; for \(forecast.count(.unknown)) it is not known."
        )
        let list = tvs.map { "<li>\(localized("TVS on \($0.server): \($0.answer)."))</li>" as HTML }
        let answers: HTML = list.isEmpty ? "" : "<p>\(localized("What TVS was actually asked:"))</p><ul>\(list)</ul>"
        return Self.section(
            localized("Forecast"),
            "<p>\(summary)</p>\(chart)\(Self.table(Self.forecastHeads, rows))\(answers)\(clients)")
    }

    /// With and without introducing the new signer.
    private var introductionPart: HTML {
        guard let introduction else { return "" }
        let rows = introduction.ways.map { name, way in
            """
            <tr><td>\(name)</td><td>\(way.follow)</td><td>\(way.visits)</td><td>\(way.unknown)</td>
            <td>\(way.serviceRestarts)</td><td>\(way.phoneRestarts)</td><td>\(way.duration)</td></tr>
            """ as HTML
        }
        let heads: [LocalizableText] = [
            localized("Way"), localized("Follow"), localized("Visits"), localized("Unknown"),
            localized("Restarts of services"), localized("Restarts of phones"), localized("Time"),
        ]
        return Self.section(
            localized("Introducing the new signer"), "<p>\(introduction.text)</p>\(Self.table(heads, rows))")
    }

    private static var forecastHeads: [LocalizableText] {
        [localized("Model"), localized("Phones"), localized("Hold"), localized("Will"), localized("Because")]
    }

    /// A bar for each model, sized by its number of phones, in the colours and patterns of the outcomes.
    private var chart: HTML {
        var models: [(name: String, counts: [Int])] = []
        let outcomes = [Verdict.Outcome.accepted, .refused, .unknown]
        for group in forecast.groups {
            if models.last?.name != group.model { models.append((group.model, [0, 0, 0])) }
            guard let column = outcomes.firstIndex(of: group.outcome) else { continue }
            models[models.count - 1].counts[column] += group.phones.count
        }
        let widest = models.map { $0.counts.reduce(0, +) }.max() ?? 1
        let rows = models.enumerated().map { index, model -> HTML in
            let y = index * 26
            var x = 190
            var bars: [HTML] = []
            for (outcome, count) in zip(outcomes, model.counts) where count > 0 {
                // A single phone among thousands stays visible.
                let width = max(3, count * 400 / widest)
                bars.append(
                    "<rect class=\"\(outcome.rawValue)\" x=\"\(x)\" y=\"\(y + 4)\" width=\"\(width)\" height=\"16\"><title>\(model.name): \(count) \(outcome.text)</title></rect>"
                )
                x += width
            }
            let text = zip(outcomes, model.counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0.text)" }
            return """
                <text x="182" y="\(y + 17)" text-anchor="end">\(model.name)</text>\(bars)
                <text x="\(x + 8)" y="\(y + 17)">\(text.joined(separator: ", "))</text>
                """
        }
        return """
            <svg viewBox="0 0 800 \(models.count * 26)" role="img" aria-label="\(localized("Forecast by model"))">\(rows)</svg>
            """
    }

    private var phonesPart: HTML {
        guard !phones.isEmpty else { return "" }
        let rows = phones.map { group in
            let names = group.phones.prefix(200).joined(separator: " ")
            let text =
                group.phones.count > 200 ? localized("\(names) ... (the JSON file lists all)") : .verbatim(names)
            return "<tr><td class=\"word\">\(group.result.text)</td><td>\(group.phones.count)</td><td>\(text)</td></tr>"
                as HTML
        }
        return Self.section(
            localized("Phones after the change"),
            Self.table([localized("Hold"), localized("Phones"), localized("Names")], rows))
    }

    private var registrationsPart: HTML {
        guard let registrations, let summary = registrations.summary else { return "" }
        func rows(_ what: LocalizableText, _ counts: [Registrations.Count]) -> [HTML] {
            counts.map { count in
                "<tr><td>\(what)</td><td>\(count.name)</td><td>\(count.before)</td><td>\(count.after ?? 0)</td></tr>"
            }
        }
        let table = Self.table(
            [.verbatim(""), localized("Name"), localized("Before"), localized("After")],
            rows(localized("Pool"), registrations.pools) + rows(localized("Model"), registrations.models)
                + rows(localized("Node"), registrations.nodes))
        let missing = registrations.missing.prefix(500).map { phone in
            "<li>\([phone.phone, phone.model, phone.pool, phone.node].compactMap(\.self).joined(separator: ", "))</li>"
                as HTML
        }
        let list: HTML =
            missing.isEmpty ? "" : "<p>\(localized("Not registered any more:"))</p><ul>\(missing)</ul>"
        return Self.section(localized("Registered before and after"), "<p>\(summary).</p>\(table)\(list)")
    }

    private var rollbackPart: HTML {
        guard let rollback else { return "" }
        let steps = rollback.steps.map { step in
            "<li><b>\(step.title)</b>\(step.texts.map { "<br>\($0)" as HTML })</li>" as HTML
        }
        let phones = (rollback.forecast?.groups ?? []).map { group in
            """
            <tr class="\(group.outcome.rawValue)"><td>\(group.model)</td><td>\(group.phones.count)</td><td>\(group.before)</td>
            <td class="word">\(group.outcome.text)</td><td>\(group.reason)</td></tr>
            """ as HTML
        }
        let table: HTML = phones.isEmpty ? "" : Self.table(Self.forecastHeads, phones)
        return Self.section(localized("What a rollback would do"), "<ol>\(steps)</ol>\(table)")
    }

    private var lookPart: HTML {
        var parts: [HTML] = []
        if let after, state == .finished {
            let look = localized(
                "On a phone: Settings > Security Configuration > Trust List > CTL File. It shows the MD5 (older models) or the SHA-1 of the file: \(after.md5) or \(after.sha1)."
            )
            parts.append("<p>\(look)</p>")
        }
        if let advice {
            let stranded = forecast.stranded.flatMap(\.phones)
            let visit = localized("\(stranded.count) phones need a visit. \(advice)")
            parts.append("<p>\(visit)</p><p>\(stranded.prefix(500).joined(separator: " "))</p>")
        }
        return parts.isEmpty ? "" : Self.section(localized("What to look for"), HTML(parts))
    }
}
