import Basics
import Cluster
import Configuration
import Markup
import Messages
import Operations
import X509

// The command line and OS Administration.

extension Understanding {
    static func terminal(_ exchange: Exchange) throws -> Understanding {
        let command = exchange.question
        guard let text = trace(of: exchange).text else {
            throw Problem("no prompt is found in it, or one before its end")
        }
        if command.isEmpty { return .understood([Fact("greeting", "\(text.split(separator: "\n").count) lines")]) }
        if text.contains("No valid command entered") { return .understood([Fact("command", "not known")]) }
        if command.hasPrefix("set cli pagination") { return .passedOver }
        if command.hasPrefix("run sql") {
            guard let table = SQLTable(commandLine: text) else { throw Problem("it is no table") }
            return .understood(facts(of: table, command))
        }
        if command.hasPrefix("show cert own") || command.hasPrefix("show cert trust") { return try certificate(text) }
        return .understood(try answer(text, to: command))
    }

    private static func answer(_ text: String, to command: String) throws -> [Fact] {
        func known<Value>(_ value: Value?) throws -> Value {
            guard let value else { throw Problem("unexpected output") }
            return value
        }
        switch command {
        case "show version active": return [Fact("version", try known(CommandAnswers.version(text)).description)]
        case "utils service list":
            return try known(CommandAnswers.services(text)).flatMap {
                [Fact("service", $0.name), Fact("state", $0.state), Fact("remark", $0.remark)]
            }
        case "show cert list own", "show cert list trust":
            return try known(CommandAnswers.certificates(text)).flatMap {
                [Fact("unit", $0.unit), Fact("file", $0.name), Fact("text", $0.description)]
            }
        case "show ctl": return try statement(known(TrustListStatement(.ctl, answer: text)))
        case "show itl": return try statement(known(TrustListStatement(.itl, answer: text)))
        case "utils dbreplication runtimestate":
            return try known(StatusAnswers.replication(text)).flatMap {
                [Fact("server", $0.name), Fact("address", $0.address), Fact("state", $0.state.text)]
            }
        case "show network cluster":
            return text.split(separator: "\n").compactMap(NetworkClusterLine.init).flatMap { line in
                line.names.map { Fact("server", $0) } + [Fact("publisher", "\(line.isPublisher)")]
            }
        default: throw Problem("nothing in the program reads this command")
        }
    }

    private static func statement(_ statement: TrustListStatement) -> [Fact] {
        switch statement {
        case .absent: [Fact("file", "absent")]
        case .file(let md5, let sha1, let length): [Fact("md5", md5), Fact("sha1", sha1), Fact("length", "\(length)")]
        }
    }

    private static func certificate(_ text: String) throws -> Understanding {
        let description = CertificateDescription(text)
        if let certificate = description.certificate { return .understood(facts(of: certificate)) }
        guard let number = description.serialNumber else {
            throw Problem("it contains neither a certificate nor its serial number")
        }
        return .understood([
            Fact("number", number.hex), Fact("issuer", description.issuer ?? ""),
            Fact("sha1", description.sha1?.hex ?? ""),
            Fact("until", description.notAfter ?? ""),
        ])
    }

    /// The terminal's trace, as it was recorded.
    static func trace(of exchange: Exchange) -> TerminalTrace {
        var trace = TerminalTrace(command: exchange.question.isEmpty ? nil : exchange.question, isComplete: true)
        var rest = exchange.answer[...]
        for event in exchange.events ?? [] {
            let bytes = Array(rest.prefix(max(0, event.bytes)))
            rest = rest.dropFirst(bytes.count)
            switch event.kind {
            case .stale: trace.events.append(.stale(bytes))
            case .received: trace.events.append(.received(bytes, after: event.after ?? 0))
            case .sent: trace.events.append(.sent(Array((event.text ?? "").utf8)))
            }
        }
        return trace
    }

    // MARK: - OS Administration

    static func page(_ exchange: Exchange) throws -> Understanding {
        let (status, path) = (exchange.status ?? 0, exchange.question.split(separator: " ").last.map(String.init) ?? "")
        if (300...399).contains(status) { return .understood([Fact("redirect", "\(status)")]) }
        guard status == 200 else { return .understood([Fact("status", "\(status)")]) }
        if exchange.answer.first == 0x30 { return .understood(facts(of: try Certificate(der: exchange.answer))) }
        if exchange.answer.starts(with: "-----BEGIN".utf8) {
            return .understood(facts(of: try Certificate(pem: String(decoding: exchange.answer, as: UTF8.self))))
        }
        let page = try HTMLDocument(exchange.answer)
        if page.forms.contains(where: { $0.field("j_password") != nil }) {
            return .understood([Fact("page", "login")] + forms(page))
        }
        if path.hasPrefix(OSAdministrationPaths.certificateList) {
            let rows = CertificateListPage.rows(in: page)
            let isForm = CertificateListPage.findForm(in: page) != nil
            guard !rows.isEmpty || isForm else {
                throw Problem("the page lists no certificate, and has no button to find some")
            }
            return .understood(
                [Fact("page", "list"), Fact("find", "\(isForm)")]
                    + rows.flatMap { [Fact("unit", $0.unit), Fact("file", $0.name)] })
        }
        if path.hasPrefix(OSAdministrationPaths.tftpUpload) || path.hasPrefix(OSAdministrationPaths.certificateUpload) {
            guard page.forms.contains(where: { $0.fields.contains { $0.type == "file" } }) else {
                throw Problem("the page has no form for a file")
            }
            return .understood(forms(page))
        }
        let texts = page.elements("pre").map(\.rawText) + page.elements("textarea").map(\.rawText)
        for text in texts {
            if case .understood(let facts)? = try? certificate(text) { return .understood(facts + forms(page)) }
        }
        return path.contains("ertificate") ? .understood(forms(page)) : .passedOver
    }

    /// The fields of forms, not their values.
    private static func forms(_ page: HTMLDocument) -> [Fact] {
        page.forms.flatMap { form in
            [Fact("form", form.method)] + form.fields.map { Fact("field", "\($0.type) \($0.name)") }
        }
    }
}
