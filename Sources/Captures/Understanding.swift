import Basics
import Cluster
import Configuration
import Markup
import Messages
import Operations
import Transfers
import TrustList
import X509

/// Something that the program read from a response.
struct Fact: Hashable {
    var name: String
    var value: String
    /// How its value is disguised.
    var kind: Pseudonyms.Kind

    init(_ name: String, _ value: String, _ kind: Pseudonyms.Kind = .prose) {
        (self.name, self.value, self.kind) = (name, value, kind)
    }
}

/// What the program's own parsers make of a response.
enum Understanding: Hashable {
    case understood([Fact])
    /// No parser reads it: a redirect, a page on the way.
    case passedOver
    /// A parser refused it.
    case notUnderstood(String)

    init(of exchange: Exchange) {
        guard exchange.failure == nil else {
            self = .passedOver
            return
        }
        do {
            switch exchange.source {
            case .ssh: self = try Self.terminal(exchange)
            case .tftp: self = .understood(try Self.trustList(exchange.answer))
            case .files: self = exchange.status == 200 ? .understood(try Self.trustList(exchange.answer)) : .passedOver
            case .web: self = try Self.page(exchange)
            case .rest: self = try Self.certificates(exchange)
            case .axl: self = .understood(try Self.table(exchange))
            case .ris: self = .understood(try Self.registrations(exchange))
            case .tvs: self = .understood(try Self.vouching(exchange))
            case .phone: self = try Self.phonePage(exchange)
            case .token: self = .understood(try TokenAnswers.facts(exchange.answer))
            }
        } catch let problem as Problem {
            self = .notUnderstood(problem.text)
        } catch {
            self = .notUnderstood(LocalizableText(describing: error).text(in: .english))
        }
    }

    /// Why a parser refused a response.
    struct Problem: Error {
        let text: String

        init(_ text: String) { self.text = text }
    }

    static let operation = localized("read a capture")

    // MARK: - Trust lists

    private static func trustList(_ bytes: [UInt8]) throws -> [Fact] {
        let list = try TrustListFile(decoding: bytes)
        var facts = [
            Fact("length", "\(bytes.count)"), Fact("sha1", Digest.sha1(bytes).hex), Fact("file", list.header.fileName),
            Fact("made", "\(Timestamp(Int64(list.header.timestamp)))"), Fact("digest", list.header.digest.name),
            Fact("signer", list.header.signerName, .data), Fact("signer's number", list.header.serialNumber.hex),
        ]
        if let signer = list.signerRecord?.x509 {
            facts.append(Fact("signature", (try? list.isSigned(by: signer)) == true ? "valid" : "not valid"))
        } else {
            facts.append(Fact("signature", "its signer is not in the list"))
        }
        for record in list.records {
            facts.append(Fact("record", record.role.map { "\($0.rawValue)" } ?? "no role"))
            facts.append(Fact("host", record.dnsName ?? "", .data))
            facts.append(Fact("subject", record.subjectName ?? "", .data))
            facts.append(Fact("issuer", record.issuerName ?? "", .data))
            facts.append(Fact("number", record.serialNumber?.hex ?? ""))
            facts.append(Fact("address", record.ipAddress?.map(String.init).joined(separator: ".") ?? ""))
            facts.append(Fact("certificate", record.x509?.sha1.hex ?? ""))
        }
        return facts
    }

    static func facts(of certificate: Certificate) -> [Fact] {
        [
            Fact("subject", certificate.subject.rendered(.cucm), .data),
            Fact("issuer", certificate.issuer.rendered(.cucm), .data),
            Fact("number", certificate.serialNumber.hex), Fact("sha1", certificate.sha1.hex),
            Fact("until", "\(Timestamp(certificate.notAfter))"), Fact("bits", "\(certificate.publicKey.bits)"),
        ]
    }

    // MARK: - REST, AXL, RIS

    private static func certificates(_ exchange: Exchange) throws -> Understanding {
        guard exchange.status.map({ (200..<300).contains($0) }) == true else {
            return .understood([Fact("status", "\(exchange.status ?? 0)")])
        }
        guard let list = CertificateREST.list(exchange.answer, of: "") else {
            throw Problem("the response is not a list of certificates")
        }
        return .understood(list.flatMap { entry in [Fact("name", entry.name)] + (entry.certificate.map(facts) ?? []) })
    }

    /// What is in the envelope; the text of a fault.
    private static func content(_ exchange: Exchange) throws -> (MarkupElement?, String?) {
        guard [200, 500].contains(exchange.status) else { return (nil, "status \(exchange.status ?? 0)") }
        let root = try XMLDocument.parse(exchange.answer, maximumSize: SOAPEnvelope.maximumSize)
        guard let content = SOAPEnvelope.content(of: root) else {
            throw Problem("the response is not a SOAP envelope")
        }
        return SOAPEnvelope.isFault(content) ? (nil, SOAPEnvelope.faultText(of: content)) : (content, nil)
    }

    private static func table(_ exchange: Exchange) throws -> [Fact] {
        let (content, fault) = try content(exchange)
        guard let content else { return [Fact("fault", fault ?? "")] }
        let table = try AXLClient.table(of: content, operation: operation, node: exchange.node)
        return facts(of: table, exchange.request ?? "")
    }

    static func facts(of table: SQLTable, _ query: String) -> [Fact] {
        let kind = Disguise.kind(ofCellsIn: query)
        return table.rows.flatMap { row in
            zip(table.columns, row).map { column, value in
                Fact(column, value, SafeColumns.contains(column, query) ? .prose : kind ?? .prose)
            }
        }
    }

    private static func registrations(_ exchange: Exchange) throws -> [Fact] {
        let (content, fault) = try content(exchange)
        guard let content else { return [Fact("fault", fault ?? "")] }
        guard let phones = RISClient.phones(in: content) else { throw Problem("the response contains no result") }
        return phones.flatMap { phone in
            [
                Fact("phone", phone.name, .data), Fact("node", phone.node, .data),
                Fact("address", phone.address ?? "", .data),
                Fact("model", phone.model.map { "\($0)" } ?? ""), Fact("status", phone.status),
                Fact("firmware", phone.firmware ?? ""),
            ]
        }
    }

    // MARK: - TVS

    private static func vouching(_ exchange: Exchange) throws -> [Fact] {
        let message = try TVSMessage(decoding: exchange.answer)
        let answer = try TVSClient.answer(message, operation: operation, node: exchange.node)
        return [
            Fact("command", "\(message.command)"), Fact("vouches", "\(answer.isValid)"),
            Fact("roles", answer.roles.map { "\($0.rawValue)" }.joined(separator: " ")),
            Fact("seconds", answer.timeToLive.map { "\($0)" } ?? ""),
        ] + (answer.certificate.map(facts) ?? [])
    }

    // MARK: - Phones

    private static func phonePage(_ exchange: Exchange) throws -> Understanding {
        guard exchange.status == 200 else { return .understood([Fact("status", "\(exchange.status ?? 0)")]) }
        let page = PhonePage(address: "127.0.0.1")
        if exchange.question.hasSuffix("/DeviceInformationX") {
            let information = try page.information(in: exchange.answer, operation: operation)
            return .understood([
                Fact("name", information.name, .data), Fact("model", information.model),
                Fact("firmware", information.version),
            ])
        }
        guard exchange.question.hasSuffix("device.settings.security") else { return .passedOver }
        let lists = try page.trustLists(in: exchange.answer, operation: operation)
        return .understood([Fact("ctl", lists.ctl ?? ""), Fact("itl", lists.itl ?? "")])
    }
}
