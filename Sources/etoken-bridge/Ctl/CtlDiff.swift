import ArgumentParser
import Certificates
import Messages
import TrustList

struct CtlDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: localized("Say what differs between two trust lists, by meaning."),
        discussion: localized(
            """
            Example:
              etoken-bridge ctl diff CTLFile.before.tlv CTLFile.tlv
            """))

    @Argument(help: .localized("The older file."), completion: .file()) var old: String
    @Argument(help: .localized("The newer file."), completion: .file()) var new: String
    @OptionGroup var common: CommonOptions

    private struct Entry: Encodable {
        let kind, text: String
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
                    ? localized("The same file.") : localized("No difference but the time and the signature."))
        } else {
            for entry in entries { Terminal.out(entry.text) }
        }
    }

    private static func entry(_ change: TrustListDiff.Change) -> Entry {
        switch change {
        case .added(let record): Entry(kind: "added", text: localized("added      \(describe(record))"))
        case .removed(let record): Entry(kind: "removed", text: localized("removed    \(describe(record))"))
        case .rekeyed(let old, let new):
            Entry(
                kind: "rekeyed", text: localized("re-keyed   \(describe(new)); before: serial \(serial(old))"))
        case .respelt(let old, let new):
            Entry(kind: "respelt", text: localized("respelt    \(describe(new)); before: \(differences(old, new))"))
        case .reordered: Entry(kind: "reordered", text: localized("reordered  the same records stand in another order"))
        case .signer(let old, let new): Entry(kind: "signer", text: localized("signer     \(new); before: \(old)"))
        case .digest(let old, let new):
            Entry(kind: "digest", text: localized("digest     \(new.name); before: \(old.name)"))
        case .fileName(let old, let new):
            Entry(kind: "file-name", text: "file name  \(new); before: \(old)")
        }
    }

    private static var none: String { localized("none") }

    private static func serial(_ record: Record) -> String { record.serialNumber?.colonHex ?? none }

    private static func describe(_ record: Record) -> String {
        let role = record.role?.name ?? localized("no role")
        let subject = record.subjectName ?? localized("no name")
        let host = record.dnsName ?? ""
        return host.isEmpty
            ? localized("\(role): \(subject), serial \(serial(record))")
            : localized("\(role): \(subject), serial \(serial(record)), host \(host)")
    }

    /// Which fields of two records for one certificate differ.
    private static func differences(_ old: Record, _ new: Record) -> String {
        var parts: [String] = []
        if old.dnsName != new.dnsName { parts.append(localized("host \(old.dnsName ?? none)")) }
        if old.subjectName != new.subjectName { parts.append(localized("subject \(old.subjectName ?? none)")) }
        if old.issuerName != new.issuerName { parts.append(localized("issuer \(old.issuerName ?? none)")) }
        if old.ipAddress != new.ipAddress {
            let address = old.ipAddress?.map(String.init).joined(separator: ".") ?? none
            parts.append(localized("address \(address)"))
        }
        if (old.certificateSignature == nil) != (new.certificateSignature == nil) {
            parts.append(localized(old.certificateSignature == nil ? "without SIGNATURE" : "with SIGNATURE"))
        }
        return parts.isEmpty ? localized("other fields") : parts.joined(separator: ", ")
    }
}
