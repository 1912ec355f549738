import Basics
import Messages
import Phones

/// The checklist as a web page: what is left to do first, with boxes to tick, then what is proven.
struct ChecklistPage {
    let list: Checklist
    /// The name of the file next to the page that lists the phones; nil if there is none.
    let lists: String?

    var html: String {
        let verdict = localized(list.isReady ? "Ready, except for what has to be done by hand" : "Not ready")
        let title =
            switch list.purpose {
            case .downgrade: localized("Downgrade of \(list.cluster)")
            case .upgrade: localized("Upgrade of \(list.cluster)")
            }
        let open = items { $0.state == .failed } + items { $0.state == .byHand }
        let done = items { $0.state == .proven }
        return HTMLPage.page(
            title: title,
            """
            <header>
            <p class="state \(list.isReady ? "finished" : "unfinished")">\(verdict)</p>
            <h1>\(list.heading)</h1>
            \(facts)
            </header>
            \(open.isEmpty ? "" : HTML.section(localized("Left to do"), class: "left", table(open)))
            \(stranded)
            \(done.isEmpty ? "" : HTML.section(localized("Proven"), table(done)))
            <footer>\(list.writtenBy.map { "<p>\($0.text)</p>" as HTML } ?? "")</footer>
            """)
    }

    private func items(_ isWanted: (Checklist.Item) -> Bool) -> [Checklist.Item] { list.items.filter(isWanted) }

    private var facts: HTML {
        var facts: [(LocalizableText, HTML)] = []
        if let ticket = list.ticket { facts.append((localized("Ticket"), "\(ticket)")) }
        if let approver = list.approver {
            facts.append((localized("Approved by"), "\(localized("\(approver) (as entered, not checked)"))"))
        }
        if let author = list.writtenBy {
            facts.append((localized("Checked"), .time(author.time)))
            facts.append((localized("By"), "\(DocumentAuthor.name(author.who, author.sudoUser))"))
            if let command = author.command { facts.append((localized("Command"), "<code>\(command)</code>")) }
        }
        func count(_ state: Checklist.Item.State) -> Int { list.items.count { $0.state == state } }
        facts.append(
            (
                localized("Points"),
                "\(localized("\(count(.failed)) failed, \(count(.byHand)) by hand, \(count(.proven)) proven"))"
            ))
        return HTMLTable.facts(facts)
    }

    private func table(_ items: [Checklist.Item]) -> HTML {
        var table = HTMLTable((localized("What"), .text), (localized("State"), .word))
        for item in items {
            let box: HTML =
                switch item.state {
                case .proven: "&#10003; \(localized("proven"))"
                case .failed: "&#10007; \(localized("failed"))"
                case .byHand: "&#9744; \(localized("by hand"))"
                }
            let next = HTML(item.next.map { "<br><b>\(localized("Next: "))</b>\(HTML.withCommands($0))" })
            table.add(
                "<b>\(item.title)</b><br>\(HTML.withCommands(text(of: item)))\(next)", box,
                style: item.state == .failed ? "failed" : "")
        }
        return table.html
    }

    /// Phones that would be stranded have a table of their own, with the reasons.
    private func text(of item: Checklist.Item) -> LocalizableText {
        guard item.code == Checklist.Item.phones, !list.stranded.isEmpty else { return item.text }
        let phones = StoredForecast(groups: list.stranded).count
        return localized(
            phones, one: "1 phone does not: see the table below.",
            other: "\(phones) phones do not: see the table below.")
    }

    private var stranded: HTML {
        guard !list.stranded.isEmpty else { return "" }
        let forecast = StoredForecast(groups: list.stranded)
        var table = HTMLTable(
            (localized("Model"), .name), (localized("Phones"), .number), (localized("Hold"), .text),
            (localized("Because"), .text))
        let groups = forecast.alike
        for group in groups.prefix(ChangeRecordPage.longestTable) {
            table.add("\(group.model)", "\(group.phones.count)", "\(group.before)", "\(group.reason)")
        }
        table.add(more: groups.count - ChangeRecordPage.longestTable, localized("the JSON file has all"))
        let place = lists.map { .verbatim($0) } ?? localized("the JSON file next to this page")
        let names =
            forecast.count <= ChangeRecordPage.longestList
            ? LocalizableText.verbatim(forecast.groups.flatMap(\.phones).joined(separator: " "))
            : localized("All \(forecast.count) by name, with model, pool and what to press: \(place).")
        return HTML.section(localized("Phones that would be stranded"), "\(table.html)<p>\(names)</p>")
    }
}

extension Checklist {
    /// The checklist as a web page, with boxes to tick for what is left to do by hand.
    ///
    /// - Parameter lists: the name of the file next to the page with the phones that would be stranded (``phoneList``).
    public func html(lists: String? = nil) -> String { ChecklistPage(list: self, lists: lists).html }

    /// These phones as CSV, if they are more than the page lists by name.
    public var phoneList: [UInt8]? {
        let phones = stranded.reduce(0) { $0 + $1.phones.count }
        return phones > ChangeRecordPage.longestList ? Worklist(stranded).csv() : nil
    }
}
