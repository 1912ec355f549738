import Basics
import Messages

/// A report in two files: a web page for people, and next to it the same as JSON.
struct ReportFiles {
    let html, json: String

    /// - Parameter path: as the user gave it, with `.html` or without.
    init(_ path: String) {
        let base = path.hasSuffix(".html") ? String(path.dropLast(5)) : path
        (html, json) = (base + ".html", base + ".json")
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
        for path in [html, json] where Files.exists(path) { throw Failure(overwriting: path) }
    }

    func write(html page: String, json document: some Encodable) throws {
        try Files.write(Array(page.utf8), to: html, permissions: 0o600, replacing: true)
        try Files.write(try JSON.document(document), to: json, permissions: 0o600, replacing: true)
    }
}

extension Failure {
    /// A file that the command should write already exists.
    init(overwriting path: String) {
        self.init(
            Status.failed, localized("\(path) already exists and is not overwritten."),
            next: localized("Specify another file, or move this one away."))
    }
}
