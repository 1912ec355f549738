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
        case .added(let record): Entry(kind: "added", text: "added      \(describe(record))")
        case .removed(let record): Entry(kind: "removed", text: "removed    \(describe(record))")
        case .rekeyed(let old, let new):
            Entry(
                kind: "rekeyed",
                text: localized("re-keyed   \(describe(new)); before: serial \(old.serialNumber?.colonHex ?? "none")"))
        case .respelt(let old, let new):
            Entry(kind: "respelt", text: "respelt    \(describe(new)); before: \(differences(old, new))")
        case .reordered: Entry(kind: "reordered", text: localized("reordered  the same records stand in another order"))
        case .signer(let old, let new): Entry(kind: "signer", text: "signer     \(new); before: \(old)")
        case .digest(let old, let new): Entry(kind: "digest", text: "digest     \(new.name); before: \(old.name)")
        case .fileName(let old, let new): Entry(kind: "file-name", text: "file name  \(new); before: \(old)")
        }
    }

    private static func describe(_ record: Record) -> String {
        let host = (record.dnsName ?? "").isEmpty ? "" : ", host \(record.dnsName ?? "")"
        return
            "\(record.role?.name ?? "no role"): \(record.subjectName ?? "no name"), serial \(record.serialNumber?.colonHex ?? "none")\(host)"
    }

    /// Which fields of two records for one certificate differ.
    private static func differences(_ old: Record, _ new: Record) -> String {
        var parts: [String] = []
        if old.dnsName != new.dnsName { parts.append("host \(old.dnsName ?? "none")") }
        if old.subjectName != new.subjectName { parts.append("subject \(old.subjectName ?? "none")") }
        if old.issuerName != new.issuerName { parts.append("issuer \(old.issuerName ?? "none")") }
        if old.ipAddress != new.ipAddress {
            parts.append("address \(old.ipAddress?.map(String.init).joined(separator: ".") ?? "none")")
        }
        if (old.certificateSignature == nil) != (new.certificateSignature == nil) {
            parts.append(old.certificateSignature == nil ? "without SIGNATURE" : "with SIGNATURE")
        }
        return parts.isEmpty ? localized("other fields") : parts.joined(separator: ", ")
    }
}
