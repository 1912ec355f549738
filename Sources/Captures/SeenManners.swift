import Basics
import Cluster
import Configuration
import Markup

/// What a cluster does differently from a usual lab, by the names that `cluster-lab up --manners` has for it
/// (docs/lab.md). Only what can be seen while reading.
struct SeenManners {
    private(set) var list: [String] = []

    init(_ exchanges: [Exchange], _ configuration: ClusterConfiguration) {
        func add(_ name: String, _ isSeen: Bool) { if isSeen, !list.contains(name) { list.append(name) } }
        func texts(_ start: String) -> [String] {
            exchanges.filter { $0.source == .ssh && $0.question.hasPrefix(start) && $0.failure == nil }
                .map { String(decoding: $0.answer, as: UTF8.self) }
        }
        for exchange in exchanges where exchange.source == .ssh && exchange.question.isEmpty {
            let events = exchange.events ?? []
            let isWoken = events.contains { $0.kind == .sent }
            add("prompt-on-enter", isWoken)
            add("prompt-late", !isWoken && events.contains { ($0.after ?? 0) >= 2000 })
            add("prompt-count", String(decoding: exchange.answer, as: UTF8.self).contains(":admin:"))
            add("dns-warning", String(decoding: exchange.answer, as: UTF8.self).contains("WARNING: DNS unreachable"))
        }
        // A second prompt comes before the echo of the first command.
        for exchange in exchanges where exchange.source == .ssh && exchange.question.hasPrefix("set cli pagination") {
            let head = String(decoding: exchange.answer, as: UTF8.self)
            let echo = head.firstRange(of: "set cli")?.lowerBound ?? head.endIndex
            add("prompt-twice", head[..<echo].contains("admin:"))
        }
        for text in texts("show cert list") {
            let lines = text.split(whereSeparator: \.isNewline).map(\.trimmed)
            add("certificate-blocks", lines.contains { $0.hasPrefix("Unit:") })
            let entries = lines.filter { $0.contains("/") && $0.contains(".pem") }
            add("certificate-bare", !entries.isEmpty && entries.allSatisfy { $0.hasSuffix(":") })
        }
        for text in texts("show cert own") + texts("show cert trust") {
            add("certificate-openssl", text.contains("Not After :"))
        }
        for text in texts("show cert trust") { add("trust-pem", text.contains("-----BEGIN CERTIFICATE-----")) }
        for text in texts("utils service list") { add("service-blanks", text.contains("[ STARTED ]")) }
        addNames(exchanges, configuration, add)
        addPages(exchanges, add)
        addServices(exchanges, add)
    }

    private func addNames(_ exchanges: [Exchange], _ configuration: ClusterConfiguration, _ add: (String, Bool) -> Void)
    {
        for exchange in exchanges where exchange.question.hasPrefix("run sql select name from processnode") {
            let names = SQLCells(exchange).values(of: ["name"]).filter { $0 != "EnterpriseWideData" }
            add(
                "names-address",
                names.contains { $0.split(separator: ".").count == 4 && $0.allSatisfy { $0.isNumber || $0 == "." } })
            add("names-capital", names.contains { $0 != $0.lowercased() && $0.lowercased() != $0.uppercased() })
            add("names-full", names.contains { $0.contains(".") && $0.contains(where: \.isLetter) })
        }
    }

    private func addPages(_ exchanges: [Exchange], _ add: (String, Bool) -> Void) {
        for exchange in exchanges where exchange.source == .web && exchange.status == 200 {
            guard let page = try? HTMLDocument(exchange.answer) else { continue }
            let path = exchange.question.drop { $0 != "/" }
            let rows = CertificateListPage.rows(in: page)
            if path == OSAdministrationPaths.certificateList, exchange.question.hasPrefix("GET") {
                add("list-at-once", !rows.isEmpty)
            }
            if let form = CertificateListPage.findForm(in: page), let most = CertificateListPage.mostRows(in: form) {
                add("list-small-pages", (Int(most) ?? 50) < 50)
            }
            let texts = page.elements("pre") + page.elements("textarea")
            let isCertificate = texts.contains { $0.rawText.contains("Serial Number") }
            let hasButton = page.forms.contains {
                CertificateListPage.button(in: $0, called: OSAdministrationPaths.downloadButton) != nil
            }
            add("no-download", isCertificate && !hasButton)
        }
    }

    private func addServices(_ exchanges: [Exchange], _ add: (String, Bool) -> Void) {
        for exchange in exchanges where exchange.source == .rest {
            let isDone = exchange.status.map { (200..<300).contains($0) } == true
            add("rest-wrapped", isDone && exchange.answer.first { !$0.isBlank } == UInt8(ascii: "{"))
            add("rest-messages", !isDone && exchange.answer.firstRange(of: Array("\"messages\"".utf8)) != nil)
            // Without -trust it is asked only after a refusal with it.
            add("rest-plain-names", isDone && !exchange.question.contains("-trust"))
        }
        for exchange in exchanges where exchange.source == .axl {
            let text = String(decoding: exchange.answer, as: UTF8.self)
            add("axl-suggestive", text.contains("Suggestive Row Fetch"))
            add("axl-small", text.contains("Memory Allocation Consumed"))
            add("axl-sessions", exchange.status == 404)
            // A column that is NULL for most phones.
            let isOfPhones = exchange.request?.contains("specialloadinformation as load") == true
            add("axl-no-null", isOfPhones && text.contains("<row>") && !text.contains("<load"))
        }
    }
}
