/// Rows and columns for the terminal: columns as wide as their widest cell, two spaces apart. The last column is the one
/// for prose.
struct Table {
    let head: [String]
    var rows: [[String]] = []

    init(_ head: String...) { self.head = head }

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// As wide as the terminal; as wide as it gets where there is none, so that a row is a line for other programs.
    var text: String { text(width: Terminal.width ?? .max) }

    /// - Parameter width: in characters; the last column is broken at its spaces so that lines are not longer, where the
    ///   others leave room for it.
    func text(width: Int) -> String {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let indent = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        let room = width - indent < 20 ? Int.max : width - indent
        return all.map { cells in
            let padded = zip(cells, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count + 2) }
            let prose = (cells.last ?? "").wrapped(to: room)
                .joined(separator: "\n" + String(repeating: " ", count: indent))
            let row = padded.joined() + prose
            return String(row[..<(row.lastIndex { $0 != " " }.map { row.index(after: $0) } ?? row.startIndex)])
        }.joined(separator: "\n")
    }
}

extension String {
    /// Lines of at most so many characters, broken at spaces; a longer word stands alone.
    func wrapped(to width: Int) -> [String] {
        guard count > width else { return [self] }
        var lines: [String] = []
        for word in split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
