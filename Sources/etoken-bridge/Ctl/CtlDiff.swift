import ArgumentParser
import Basics
import Messages
import TrustList
import X509

struct CtlDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: localized("Show how two trust lists differ in meaning."),
        discussion: localized(
            """
            Example:
              etoken-bridge ctl diff CTLFile.before.tlv CTLFile.tlv
            """))

    @Argument(help: .localized("The older file."), completion: .file()) var old: String
    @Argument(help: .localized("The newer file."), completion: .file()) var new: String
    @OptionGroup var common: CommonOptions

    /// A record as far as a difference describes it.
    private struct Described: Encodable {
        let role: UInt16?
        let roleName, dnsName, subject, issuer, serialNumber, certificateSHA1: String?

        init(_ record: Record) {
            (role, roleName, dnsName) = (record.role?.rawValue, record.role?.name, record.dnsName)
            (subject, issuer) = (record.subjectName, record.issuerName)
            serialNumber = record.serialNumber?.hex
            certificateSHA1 = record.certificate.map { Digest.sha1($0).hex }
        }
    }

    private struct Entry: Encodable {
        let kind: Kind
        let text: String
        var oldRecord, newRecord: Described?
        /// Signer, digest or file name.
        var old, new: String?
    }

    private enum Kind: String, Encodable, CaseIterable {
        case added, removed, rekeyed, respelt, reordered, signer, digest
        case fileName = "file-name"

        var text: LocalizableText {
            switch self {
            case .added: localized("added")
            case .removed: localized("removed")
            case .rekeyed: localized("re-keyed")
            case .respelt: localized("respelled")
            case .reordered: localized("reordered")
            case .signer: localized("signer")
            case .digest: localized("digest")
            case .fileName: localized("file name")
            }
        }
    }

    private struct Report: Encodable {
        let old, new: String
        let same: Bool
        let changes: [Entry]
    }

    func run() throws {
        let (first, second) = (try CtlFile(old), try CtlFile(new))
        let entries = TrustListDiff(from: first.list, to: second.list).changes.map(Self.entry)
        if common.json {
            try Terminal.json(Report(old: old, new: new, same: entries.isEmpty, changes: entries))
        } else if entries.isEmpty {
            Terminal.out(
                first.bytes == second.bytes
                    ? localized("The same file.") : localized("No difference except for the time and the signature."))
        } else {
            for line in Self.lines(entries) { Terminal.out(line) }
        }
    }

    /// How two lists differ, one line each.
    static func lines(from old: TrustListFile, to new: TrustListFile) -> [String] {
        lines(TrustListDiff(from: old, to: new).changes.map(entry))
    }

    private static func lines(_ entries: [Entry]) -> [String] {
        let width = Kind.allCases.map(\.text.localized.count).max() ?? 0
        return entries.map { $0.kind.text.localized.padded(to: width + 2) + $0.text }
    }

    private static func entry(_ change: TrustListDiff.Change) -> Entry {
        func before(_ new: String, _ old: String) -> String { localized("\(new); before: \(old)").localized }
        switch change {
        case .added(let record):
            return Entry(kind: .added, text: describe(record), newRecord: Described(record))
        case .removed(let record):
            return Entry(kind: .removed, text: describe(record), oldRecord: Described(record))
        case .rekeyed(let old, let new):
            return Entry(
                kind: .rekeyed, text: before(describe(new), localized("serial \(serial(old))").localized),
                oldRecord: Described(old), newRecord: Described(new))
        case .respelt(let old, let new):
            return Entry(
                kind: .respelt, text: before(describe(new), differences(old, new)), oldRecord: Described(old),
                newRecord: Described(new))
        case .reordered:
            return Entry(kind: .reordered, text: localized("the same records are in another order").localized)
        case .signer(let old, let new): return Entry(kind: .signer, text: before(new, old), old: old, new: new)
        case .digest(let old, let new):
            return Entry(kind: .digest, text: before(new.name, old.name), old: old.name, new: new.name)
        case .fileName(let old, let new): return Entry(kind: .fileName, text: before(new, old), old: old, new: new)
        }
    }

    private static var none: String { localized("none").localized }

    private static func serial(_ record: Record) -> String { record.serialNumber?.colonHex ?? none }

    private static func describe(_ record: Record) -> String {
        let role = record.role?.text ?? localized("no role").localized
        let subject = record.subjectName ?? localized("no name").localized
        let host = record.dnsName ?? ""
        return host.isEmpty
            ? localized("\(role): \(subject), serial \(serial(record))").localized
            : localized("\(role): \(subject), serial \(serial(record)), host \(host)").localized
    }

    /// Which fields of two records for one certificate differ.
    private static func differences(_ old: Record, _ new: Record) -> String {
        var parts: [String] = []
        if old.dnsName != new.dnsName { parts.append(localized("host \(old.dnsName ?? none)").localized) }
        if old.subjectName != new.subjectName {
            parts.append(localized("subject \(old.subjectName ?? none)").localized)
        }
        if old.issuerName != new.issuerName { parts.append(localized("issuer \(old.issuerName ?? none)").localized) }
        if old.ipAddress != new.ipAddress {
            let address = old.ipAddress?.map(String.init).joined(separator: ".") ?? none
            parts.append(localized("address \(address)").localized)
        }
        if (old.certificateSignature == nil) != (new.certificateSignature == nil) {
            parts.append(localized(old.certificateSignature == nil ? "without SIGNATURE" : "with SIGNATURE").localized)
        }
        return parts.isEmpty ? localized("other fields").localized : parts.joined(separator: ", ")
    }
}
