import Files
import FoundationEssentials
import Phones

extension ChangeRecord {
    /// Writes the record as a web page and as JSON.
    ///
    /// - Throws: `FileError`.
    public func write(html: String, json: String) throws {
        try Files.write(Array(self.html.utf8), to: html, permissions: 0o644, replacing: true)
        try Files.write(try self.json(), to: json, permissions: 0o644, replacing: true)
    }

    /// The record as a web page: one file, without scripts and without any reference to another, fit for printing.
    public var html: String {
        HTMLPage.page(
            title: "Change record \(id)",
            """
            <header>
            <p class="state \(state.rawValue)">\(Self.words(state))</p>
            <h1>\(title)</h1>
            <p>Cluster <b>\(cluster)</b>, CUCM \(version), \(mode) mode when it began. Change <code>\(id)</code>.</p>
            </header>
            \(failurePart)
            \(runsPart)
            \(filesPart)
            \(tokensPart)
            \(forecastPart)
            \(stepsPart)
            \(phonesPart)
            \(lookPart)
            """)
    }

    private static func words(_ state: State) -> String {
        switch state {
        case .planned: "Planned; nothing was changed"
        case .alreadySo: "Nothing to do"
        case .unfinished: "Not finished"
        case .finished: "Done"
        case .rollingBack: "Being rolled back"
        case .rolledBack: "Rolled back; everything is as it was"
        case .abandoned: "Given up; what was changed stands as it is"
        }
    }

    private static func time(_ seconds: Int64) -> HTML {
        "<time>\(Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601))</time>"
    }

    private var failurePart: HTML {
        guard let failure else { return "" }
        return "<section class=\"failure\"><h2>What went wrong</h2>\(failure.map { "<p>\($0)</p>" as HTML })</section>"
    }

    private var runsPart: HTML {
        let rows = runs.map { run in
            "<tr><td>\(Self.time(run.time))</td><td>\(run.purpose.rawValue)</td><td>\(run.who)</td><td>etoken-bridge \(run.version)</td></tr>"
                as HTML
        }
        let end = ended.map { "<p>Ended \(Self.time($0)).</p>" as HTML } ?? ""
        let none: HTML = "<p>No run of it was begun; it was planned \(Self.time(planned)).</p>"
        return """
            <section><h2>Who, where and when</h2>
            \(rows.isEmpty ? none : "<table><tr><th>Time (UTC)</th><th>Run</th><th>By</th><th>With</th></tr>\(rows)</table>\(end)")
            </section>
            """
    }

    private var filesPart: HTML {
        func row(_ label: String, _ file: File?) -> HTML {
            guard let file else { return "<tr><th>\(label)</th><td colspan=\"5\">no file</td></tr>" }
            return """
                <tr><th>\(label)</th><td>\(file.length)</td><td>\(file.records)</td><td class="name">\(file.signer)</td>
                <td>\(Self.time(Int64(file.timestamp)))</td>
                <td><code>MD5 \(file.md5)<br>SHA-1 \(file.sha1)<br>SHA-256 \(file.sha256)</code></td></tr>
                """
        }
        let changes: HTML =
            recordChanges.isEmpty ? "" : "<ul>\(recordChanges.map { "<li>\($0)</li>" as HTML })</ul>"
        let kept = backup.map { "<p>The file of before is kept as <code>\($0)</code>.</p>" as HTML } ?? ""
        return """
            <section><h2>CTL file</h2>
            <table><tr><th></th><th>Bytes</th><th>Records</th><th>Signed by</th><th>Time in it (UTC)</th><th>Checksums</th></tr>
            \(row("Before", before))\(row("New", after))</table>
            <p>Nodes that serve it: \(nodes.joined(separator: ", ")).</p>
            \(changes)\(kept)
            </section>
            """
    }

    private var tokensPart: HTML {
        guard !tokens.isEmpty else { return "" }
        let rows = tokens.map { token in
            """
            <tr><td>\(token.label)\(token.signs ? " (signs)" : "")</td><td class="name">\(token.subject)<br>issued by \(token.issuer)</td>
            <td><code>\(token.serialNumber)</code></td><td>RSA \(token.keyBits)</td>
            <td>\(Self.time(token.notBefore)) to \(Self.time(token.notAfter))</td><td><code>\(token.sha1)</code></td></tr>
            """ as HTML
        }
        return """
            <section><h2>Security tokens</h2>
            <table><tr><th>Token</th><th>Certificate</th><th>Serial</th><th>Key</th><th>Valid (UTC)</th><th>SHA-1</th></tr>\(rows)</table>
            </section>
            """
    }

    private var stepsPart: HTML {
        let rows = steps.enumerated().map { index, step in
            """
            <tr class="\(step.state.rawValue)"><td>\(index + 1)</td><td><b>\(step.title)</b><br>\(step.text)
            <ul>\(step.proofs.map { "<li>\($0)</li>" as HTML })</ul></td>
            <td>\(step.state.rawValue)</td><td>\(step.began.map(Self.time) ?? "")</td><td>\(step.seconds.map { "\($0)\u{a0}s" } ?? "")</td></tr>
            """ as HTML
        }
        return """
            <section><h2>Steps</h2>
            <table><tr><th>#</th><th>Step, and what was seen</th><th>State</th><th>Began (UTC)</th><th>Took</th></tr>\(rows)</table>
            </section>
            """
    }

    // MARK: Phones

    private var forecastPart: HTML {
        guard forecast.count > 0 else { return "<section><h2>Forecast</h2><p>The cluster has no phones.</p></section>" }
        let rows = forecast.groups.map { group in
            """
            <tr class="\(group.outcome.rawValue)"><td>\(group.model)</td><td>\(group.phones.count)</td><td>\(group.before)</td>
            <td>\(group.outcome.rawValue)</td><td>\(group.reason)</td></tr>
            """ as HTML
        }
        let list = tvs.map { "<li>TVS on \($0.server): \($0.answer)</li>" as HTML }
        let answers: HTML = list.isEmpty ? "" : "<p>What was asked for real:</p><ul>\(list)</ul>"
        return """
            <section><h2>Forecast</h2>
            <p>\(forecast.count(.accepted)) of \(forecast.count) phones accept the new file,
            \(forecast.count(.refused)) refuse it, of \(forecast.count(.unknown)) it is not known.</p>
            \(chart)
            <table><tr><th>Model</th><th>Phones</th><th>Hold</th><th>Will</th><th>Because</th></tr>\(rows)</table>
            \(answers)
            </section>
            """
    }

    /// A bar for each model, as wide as it has phones, in the colours and patterns of the outcomes.
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
                // A single phone among thousands is seen as well.
                let width = max(3, count * 400 / widest)
                bars.append(
                    "<rect class=\"\(outcome.rawValue)\" x=\"\(x)\" y=\"\(y + 4)\" width=\"\(width)\" height=\"16\"><title>\(model.name): \(count) \(outcome.rawValue)</title></rect>"
                )
                x += width
            }
            let text = zip(outcomes, model.counts).filter { $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue)" }
            return """
                <text x="182" y="\(y + 17)" text-anchor="end">\(model.name)</text>\(bars)
                <text x="\(x + 8)" y="\(y + 17)">\(text.joined(separator: ", "))</text>
                """
        }
        return """
            <svg viewBox="0 0 800 \(models.count * 26)" role="img" aria-label="Forecast by model">\(rows)</svg>
            """
    }

    private var phonesPart: HTML {
        guard !phones.isEmpty else { return "" }
        let rows = phones.map { group in
            """
            <tr><td>\(group.result.rawValue)</td><td>\(group.phones.count)</td>
            <td>\(group.phones.prefix(200).joined(separator: " "))\(group.phones.count > 200 ? " ... (all are in the JSON file)" : "")</td></tr>
            """ as HTML
        }
        return """
            <section><h2>Phones after the change</h2>
            <table><tr><th>Hold</th><th>Phones</th><th>Names</th></tr>\(rows)</table>
            </section>
            """
    }

    private var lookPart: HTML {
        var parts: [HTML] = []
        if let after, state == .finished {
            parts.append(
                """
                <p>On a phone: Settings &gt; Security Configuration &gt; Trust List &gt; CTL File. It shows the MD5
                (older models) or the SHA-1 of the file: <code>\(after.md5)</code> or <code>\(after.sha1)</code>.</p>
                """)
        }
        if let advice {
            let stranded = forecast.stranded.flatMap(\.phones)
            parts.append(
                "<p>\(stranded.count) phones need a visit. \(advice)</p><p>\(stranded.prefix(500).joined(separator: " "))</p>"
            )
        }
        return parts.isEmpty ? "" : "<section><h2>What to look for</h2>\(parts)</section>"
    }
}
