import Configuration
import Messages
import Migration

/// Where a checklist goes, and what its result means for the exit status.
struct ChecklistReport {
    private let files: ReportFiles?
    private let isJSON: Bool

    /// - Parameter path: of the files to write.
    /// - Throws: ``Failure`` if one of them exists.
    init(_ path: String?, isJSON: Bool) throws {
        files = path.map(ReportFiles.init)
        self.isJSON = isJSON
        try files?.check()
    }

    /// A release as users write it: `14`, `9.1` or `9.1.2.10000-28`.
    static func release(_ text: String, example: String) throws -> ClusterVersion {
        guard let release = ClusterVersion(text.contains(".") ? text : text + ".0") else {
            let short = example.split(separator: ".").prefix(2).joined(separator: ".")
            throw Failure(
                Status.usage, localized("\"\(text)\" is not a release."),
                next: localized("Write it like \(short) or \(example)."))
        }
        return release
    }

    /// Prints the list, and writes the requested files.
    ///
    /// - Throws: ``Failure`` if a point failed.
    func publish(_ list: Checklist) throws {
        if let files {
            try files.write(list)
            Terminal.note(localized("The checklist is in \(files.html) and \(files.json)."))
        }
        if isJSON { try Terminal.json(list) } else { Terminal.out(text(list)) }
        let failed = list.items.filter { $0.state == .failed }
        guard let first = failed.first(where: { $0.code != "phones" }) ?? failed.first else { return }
        throw Failure(
            first.code == "phones" ? Status.phonesWouldRefuse : Status.verificationFailed,
            localized(
                "Cluster \(list.cluster) is not ready for \(list.target): \(failed.count) of \(list.items.count) points failed."
            ),
            next: first.next.first)
    }

    private func text(_ list: Checklist) -> String {
        let words = [localized("proven"), localized("failed"), localized("by hand")].map(\.localized)
        let width = (words.map(\.count).max() ?? 0) + 2
        let indent = String(repeating: " ", count: width)
        let lines = list.items.map { item in
            let word =
                switch item.state {
                case .proven: words[0]
                case .failed: words[1]
                case .byHand: words[2]
                }
            let next = item.next.map { "\n" + indent + localized("Next: \($0)").localized }
            return word + String(repeating: " ", count: width - word.count) + "\(item.title)\n\(indent)\(item.text)"
                + next.joined()
        }
        let head = [list.heading, list.writtenBy?.text].compactMap { $0?.localized }.joined(separator: "\n")
        return head + "\n\n" + lines.joined(separator: "\n")
    }
}
