import Basics
import Cluster
import Configuration
import TrustList
import X509

/// Replaces everything in responses that identifies someone: names, addresses, numbers of phones, keys, sessions.
///
/// First everything is searched for names and certificates, then these are replaced; so a name is also replaced where it
/// came before the response that shows what it is.
final class Disguise {
    let pseudonyms = Pseudonyms()
    let certificates: CertificateRemaker
    let trustLists: TrustListRemaker

    init(_ configuration: ClusterConfiguration) {
        certificates = CertificateRemaker(pseudonyms)
        trustLists = TrustListRemaker(pseudonyms: pseudonyms, certificates: certificates)
        pseudonyms.learn(host: configuration.name)
        for node in configuration.nodes {
            pseudonyms.learn(host: node.name)
            pseudonyms.learn(host: node.address)
        }
        for account in Account.allCases {
            if let user = configuration.account(account)?.user { pseudonyms.learn(user: user) }
        }
    }

    // MARK: - Looking through

    /// - Throws: ``CertificateError``.
    func learn(from exchanges: [Exchange]) throws {
        var found: Set<[UInt8]> = []
        for exchange in exchanges {
            learnHosts(exchange)
            found.formUnion(CertificateFinder.certificates(in: exchange.answer))
            found.formUnion(TrustListRemaker.certificates(in: exchange.answer))
            guard exchange.source == .ssh else { continue }
            for value in Pseudonyms.nameValues(in: exchange.answer) { pseudonyms.learn(name: value) }
        }
        try certificates.prepare(found)
        // Their checksums are in other responses.
        for exchange in exchanges { _ = try trustLists.remake(exchange.answer) }
        // Names that are only known from a table are replaced everywhere, and searched for at the end.
        for exchange in exchanges { _ = try disguised(exchange) }
        pseudonyms.learnReplacedWords()
    }

    /// The names of servers in tables and lists.
    private func learnHosts(_ exchange: Exchange) {
        switch exchange.source {
        case .ssh where exchange.question.contains("processnode"):
            for name in SQLCells(exchange).values(of: ["name", "node"]) { pseudonyms.learn(host: name) }
        case .axl where exchange.request?.contains("processnode") == true:
            for name in MarkupCells.values(in: exchange.answer, of: ["name", "node"]) { pseudonyms.learn(host: name) }
        case .ssh where exchange.question.hasPrefix("show network cluster"):
            let text = String(decoding: exchange.answer, as: UTF8.self)
            for line in text.split(whereSeparator: \.isNewline) {
                for name in NetworkClusterLines.names(line) { pseudonyms.learn(host: name) }
            }
        default: break
        }
    }

    // MARK: - Replacing

    /// The same exchange in other names.
    func disguised(_ original: Exchange) throws -> Exchange {
        var exchange = original
        exchange.node = pseudonyms.scan(original.node, .data)
        exchange.question = pseudonyms.scan(original.question)
        exchange.request = original.request.map { request(of: original, $0) }
        exchange.headers = original.headers?.map(header)
        exchange.answer = try answer(original, question: exchange.question)
        return exchange
    }

    /// What was understood of the true response, in other names.
    func disguised(_ facts: [Fact]) -> [[String]] { facts.map { [$0.name, pseudonyms.scan($0.value, $0.kind)] } }

    /// Phones and nodes are named in the elements of a request to RIS, and in the quotes of a query.
    private func request(of exchange: Exchange, _ text: String) -> String {
        var patch = Patch(Array(text.utf8))
        if exchange.source == .ris {
            for cell in MarkupCells.cells(in: patch.bytes) where cell.column == "Item" {
                pseudonyms.scan(&patch, cell.range, .data)
            }
        }
        pseudonyms.scan(&patch, patch.all, .prose)
        return String(decoding: patch.bytes, as: UTF8.self)
    }

    private func header(_ line: String) -> String {
        guard line.lowercased().hasPrefix("set-cookie:"), let equals = line.firstIndex(of: "=") else {
            return pseudonyms.scan(line)
        }
        let value = line[line.index(after: equals)...].prefix { $0 != ";" }
        let rest = line[value.endIndex...]
        return line[...equals] + pseudonyms.scan(String(value), .data) + pseudonyms.scan(String(rest))
    }

    private func answer(_ exchange: Exchange, question: String) throws -> [UInt8] {
        // In JSON a slash may be escaped, which takes a byte that another digit of base64 has no use for.
        let bytes = exchange.source == .rest ? Self.withPlainSlashes(exchange.answer) : exchange.answer
        if let list = try trustLists.remake(bytes) { return list }
        var patch = Patch(bytes)
        try replaceCertificates(&patch)
        switch exchange.source {
        case .ssh:
            Echo.replace(&patch, exchange.question, with: question)
            if exchange.question.hasPrefix("run sql"), let kind = Self.kind(ofCellsIn: exchange.question) {
                let cells = SQLCells(exchange)
                for cell in cells.cells where !SafeColumns.contains(cell.column, exchange.question) {
                    pseudonyms.scan(&patch, cell.range, kind)
                }
            }
        case .axl, .ris:
            let query = exchange.request ?? ""
            guard let kind = exchange.source == .ris ? .data : Self.kind(ofCellsIn: query) else { break }
            for cell in MarkupCells.cells(in: bytes)
            where !SafeColumns.contains(cell.column, query) && !SafeColumns.isFault(cell.column) {
                pseudonyms.scan(&patch, cell.range, kind)
            }
        case .token: TokenAnswers.disguise(&patch, pseudonyms)
        case .phone where bytes.firstRange(of: Array("<DeviceInformation".utf8)) != nil:
            for cell in MarkupCells.cells(in: bytes) where !SafeColumns.contains(cell.column, "") {
                pseudonyms.scan(&patch, cell.range, .data)
            }
        default: break
        }
        pseudonyms.scan(&patch, patch.all, .prose)
        return patch.bytes
    }

    private static func withPlainSlashes(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isEscape =
                byte == UInt8(ascii: "\\") && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "/")
            // Of two backslashes the second is a character.
            if isEscape, output.last != UInt8(ascii: "\\") { continue }
            output.append(byte)
        }
        return output
    }

    /// How the cells of a query are treated; nil if they are all CUCM's own.
    static func kind(ofCellsIn query: String) -> Pseudonyms.Kind? {
        let query = query.lowercased()
        guard let from = query.firstRange(of: " from ") else { return .data }
        let table = query[from.upperBound...].prefix { $0.isLetter }
        switch table {
        case "typemodel", "typeclass", "typeservice", "processconfig": return nil
        case "securityprofile": return .models
        default: return .data
        }
    }

    /// Certificates as PEM and as DER, wherever they are.
    private func replaceCertificates(_ patch: inout Patch) throws {
        for block in CertificateFinder.blocks(in: patch.bytes) {
            let new = try block.der.flatMap { try certificates.remake($0) }
            // What cannot be read is not kept: a key may be in it.
            let text = base64(new ?? block.digits.map { _ in UInt8.random(in: 0...255) }).utf8.filter {
                $0 != UInt8(ascii: "=")
            }
            for (place, digit) in zip(block.places, text) { patch.replace(place..<(place + 1), with: [digit]) }
            for place in block.places { patch.keep(place..<(place + 1)) }
        }
        for range in CertificateFinder.ranges(in: patch.bytes) {
            let old = Array(patch.bytes[range])
            // Of one that cannot be recreated, only the head of its DER is left, and its length.
            let new =
                try certificates.remake(old) ?? old.prefix(4) + old.dropFirst(4).map { _ in UInt8.random(in: 0...255) }
            patch.replace(range, with: new)
        }
    }
}
