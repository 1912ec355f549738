import Basics
import Messages
import Migration

/// A report in two files: a web page for people, and next to it the same as JSON. Lists of phones that are too long for the
/// page are a third one, for a spreadsheet.
struct ReportFiles {
    let html, json, csv: String

    /// - Parameter path: as the user specified it, with or without `.html`.
    init(_ path: String) {
        let base = path.hasSuffix(".html") ? String(path.dropLast(5)) : path
        (html, json, csv) = (base + ".html", base + ".json", base + ".csv")
    }

    /// Refuses to overwrite existing files, before the command does anything.
    ///
    /// - Parameter change: the change whose record may be overwritten, because every run of a change adds to it.
    func check(replacing change: String? = nil) throws {
        if let change, Files.exists(json) {
            struct Record: Decodable { let id: String }
            let old = (try? Files.read(json)).flatMap { try? JSON.decode(Record.self, from: $0) }
            if old?.id == change { return }
        }
        for path in [html, json, csv] where Files.exists(path) { throw Failure(overwriting: path) }
    }

    func write(_ record: ChangeRecord) throws {
        try write(record.phoneList, record.html(lists:), json: record)
    }

    func write(_ checklist: Checklist) throws {
        try write(checklist.phoneList, checklist.html(lists:), json: checklist)
    }

    /// The list first: the page refers to it.
    private func write(
        _ list: [UInt8]?, _ page: (_ lists: String?) -> String, json document: some Encodable
    ) throws {
        if let list { try Files.write(list, to: csv, permissions: 0o600, replacing: true) }
        let page = page(list == nil ? nil : Self.name(csv))
        try Files.write(Array(page.utf8), to: html, permissions: 0o600, replacing: true)
        try Files.write(try JSON.document(document), to: json, permissions: 0o600, replacing: true)
    }

    /// A path's last component.
    private static func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }
}
