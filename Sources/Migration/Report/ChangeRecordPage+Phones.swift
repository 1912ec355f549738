import Basics
import Messages
import Phones

// What phones were forecast to do, and what became of them.
extension ChangeRecordPage {
    /// "2 of 3 phones accept the new file, 1 refuses it; for 0 it is not known."
    var forecastText: LocalizableText {
        let forecast = record.forecast
        let refused = forecast.count(.refused)
        let refuse = localized(refused, one: "1 refuses it", other: "\(refused) refuse it")
        return localized(
            "\(forecast.count(.accepted)) of \(forecast.count) phones accept the new file, \(refuse); for \(forecast.count(.unknown)) it is not known."
        )
    }

    var forecastPart: HTML {
        guard record.forecast.count > 0 else {
            return HTML.section(localized("Forecast"), "<p>\(localized("The cluster has no phones."))</p>")
        }
        let list = record.tvs.map { localized("TVS on \($0.server): \($0.answer).") }
        let answers: HTML =
            list.isEmpty ? "" : "<p>\(localized("What TVS was actually asked:"))</p>\(HTML.list(list))"
        let clients = record.clientAdvice.map { "<p>\($0)</p>" as HTML } ?? ""
        return HTML.section(
            localized("Forecast"), "<p>\(forecastText)</p>\(tables(of: record.forecast))\(answers)\(clients)")
    }

    /// What phones were forecast to do with the previous file.
    var forecastOfRollbackPart: HTML {
        guard let forecast = record.forecastOfRollback, forecast.count > 0 else { return "" }
        return HTML.section(localized("Forecast of the rollback"), tables(of: forecast))
    }

    /// By model, by pool, which phones are left behind, and why.
    private func tables(of forecast: StoredForecast) -> HTML {
        let hasPools = forecast.groups.contains { $0.pool != nil }
        let pools = counts(localized("Device pool"), ForecastCounts.all(forecast) { $0.pool ?? "-" })
        let places: HTML =
            hasPools ? "<h3>\(localized("By device pool"))</h3>\(pools)\(visits(forecast))" : ""
        return """
            <h3>\(localized("By model"))</h3>
            \(counts(localized("Model"), ForecastCounts.all(forecast) { $0.model }))
            \(places)
            <h3>\(localized("Why"))</h3>
            \(reasons(forecast))
            """
    }

    /// Numbers, and the same as a bar.
    private func counts(_ what: LocalizableText, _ all: [ForecastCounts]) -> HTML {
        var table = HTMLTable(
            (what, .name), (localized("Phones"), .number), (Verdict.Outcome.accepted.text, .number),
            (Verdict.Outcome.refused.text, .number), (Verdict.Outcome.unknown.text, .number),
            (localized("Share"), .picture))
        table.isNarrow = true
        let widest = all.map(\.all).max() ?? 1
        for row in all.prefix(Self.longestTable) {
            table.add(
                "\(row.name)", "\(row.all)", "\(row.accepted)", "\(row.refused)", "\(row.unknown)",
                bar(row, of: widest))
        }
        table.add(more: all.count - Self.longestTable, allPlace)
        return table.html
    }

    private func bar(_ row: ForecastCounts, of widest: Int) -> HTML {
        var (x, bars): (Int, [HTML]) = (0, [])
        for (outcome, count) in row.counts where count > 0 {
            // A single phone among thousands stays visible.
            let width = max(4, count * 400 / widest)
            bars.append("<rect class=\"\(outcome.rawValue)\" x=\"\(x)\" width=\"\(width)\" height=\"14\"/>")
            x += width
        }
        let text = row.counts.filter { $0.phones > 0 }.map { localized("\($0.phones) \($0.outcome.text)") }
        let label = localized("\(row.name): \(text.joined(separator: ", "))")
        return """
            <svg viewBox="0 0 412 14" preserveAspectRatio="none" role="img" aria-label="\(label)"><title>\(label)</title>\(bars)</svg>
            """
    }

    /// Which phones have to be visited, and where: the largest groups first.
    private func visits(_ forecast: StoredForecast) -> HTML {
        let rows = forecast.visits
        guard !rows.isEmpty else { return "" }
        var table = HTMLTable(
            (localized("Device pool"), .name), (localized("Model"), .text), (localized("Forecast"), .word),
            (localized("Phones"), .number))
        table.isNarrow = true
        for row in rows.prefix(Self.longestTable) {
            table.add(
                "\(row.pool ?? "-")", "\(row.model)", "\(row.outcome.text)", "\(row.phones)",
                style: row.outcome.rawValue)
        }
        table.add(more: rows.count - Self.longestTable, allPlace)
        return "<h3>\(localized("Who is left behind, and where"))</h3>\(table.html)"
    }

    private func reasons(_ forecast: StoredForecast) -> HTML {
        var table = HTMLTable(
            (localized("Model"), .name), (localized("Phones"), .number), (localized("Hold"), .text),
            (localized("Forecast"), .word), (localized("Because"), .text))
        let groups = forecast.alike
        for group in groups.prefix(Self.longestTable) {
            table.add(
                "\(group.model)", "\(group.phones.count)", "\(group.before)", "\(group.outcome.text)",
                "\(group.reason)", style: group.outcome.rawValue)
        }
        table.add(more: groups.count - Self.longestTable, allPlace)
        return table.html
    }

    /// With and without introducing the new signer.
    var introductionPart: HTML {
        guard let introduction = record.introduction else { return "" }
        var table = HTMLTable(
            (localized("Way"), .name), (localized("Follow"), .number), (localized("Visits"), .number),
            (localized("Unknown"), .number), (localized("Restarts of services"), .number),
            (localized("Restarts of phones"), .number), (localized("Time"), .word))
        for (name, way) in introduction.ways {
            table.add(
                "\(name)", "\(way.follow)", "\(way.visits)", "\(way.unknown)", "\(way.serviceRestarts)",
                "\(way.phoneRestarts)", "\(way.duration)")
        }
        return HTML.section(
            localized("Introducing the new signer"), "<p>\(introduction.text)</p>\(table.html)")
    }

    var backOutPart: HTML {
        guard let backOut = record.backOut else { return "" }
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
        var table = HTMLTable(
            (localized("If one turns round"), .name), (localized("Accept the previous file"), .number),
            (localized("Need a visit"), .number), (localized("Not known"), .number))
        for price in backOut.prices {
            table.add("\(words(price))", "\(price.accepted)", "\(price.refused)", "\(price.unknown)")
        }
        let command =
            record.journal == nil || record.state == .rolledBack
            ? "" as HTML
            : "<p>\(localized("To go back: etoken-bridge migrate rollback --cluster \(word: record.cluster) --change \(word: record.id)"))</p>"
        return HTML.section(localized("The way back"), "<p>\(backOut.text)</p>\(table.html)\(command)")
    }

    var phonesPart: HTML {
        guard !record.phones.isEmpty else { return "" }
        var table = HTMLTable((localized("Hold"), .name), (localized("Phones"), .number), (localized("Names"), .text))
        for group in record.phones {
            table.add(
                "\(group.result.text)", "\(group.phones.count)",
                group.phones.count > Self.longestList
                    ? "\(localized("the JSON file lists them"))" : "\(group.phones.joined(separator: " "))")
        }
        return HTML.section(
            record.isBack ? localized("Phones after the rollback") : localized("Phones after the change"), table.html)
    }

    var registrationsPart: HTML {
        guard let registrations = record.registrations, let summary = registrations.summary else { return "" }
        var table = HTMLTable(
            (localized("What"), .text), (localized("Name"), .name), (localized("Before"), .number),
            (localized("After"), .number))
        table.isNarrow = true
        let all =
            registrations.pools.map { (localized("Pool"), $0) } + registrations.models.map { (localized("Model"), $0) }
            + registrations.nodes.map { (localized("Node"), $0) }
        // What differs comes first.
        let rows = all.filter { $0.1.after != $0.1.before } + all.filter { $0.1.after == $0.1.before }
        for (what, count) in rows.prefix(Self.longestTable) {
            table.add("\(what)", "\(count.name)", "\(count.before)", "\(count.after ?? 0)")
        }
        table.add(more: rows.count - Self.longestTable, allPlace)
        let missing = registrations.missing.prefix(Self.longestList).map { phone -> LocalizableText in
            .verbatim([phone.phone, phone.model, phone.pool, phone.node].compactMap(\.self).joined(separator: ", "))
        }
        let left = registrations.missing.count - missing.count
        let more =
            left > 0
            ? "<p>\(localized(left, one: "and 1 more: \(listPlace)", other: "and \(left) more: \(listPlace)"))</p>"
            : "" as HTML
        let list: HTML =
            missing.isEmpty
            ? "" : "<p>\(localized("Not registered any more:"))</p>\(HTML.names(missing))\(more)"
        return HTML.section(localized("Registered before and after"), "<p>\(summary).</p>\(table.html)\(list)")
    }

    var rollbackPart: HTML {
        guard let rollback = record.rollback else { return "" }
        let steps = rollback.steps.map { step -> HTML in
            "<li><b>\(step.title)</b>\(step.texts.map { "<br>\($0)" as HTML })</li>"
        }
        let phones = rollback.forecast.map { $0.count == 0 ? "" : tables(of: $0) } ?? ""
        return HTML.section(localized("What a rollback would do"), "<ol>\(steps)</ol>\(phones)")
    }
}
