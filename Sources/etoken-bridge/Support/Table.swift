import Basics
import Messages

/// Rows and columns for the terminal: columns as wide as their widest cell, two spaces apart. The last column is the one
/// for prose.
struct Table {
    let head: [String]
    var rows: [[String]] = []

    init(_ head: any TableCell...) { self.init(head) }
    init(_ head: [any TableCell]) { self.head = head.map(\.shown) }

    mutating func add(_ cells: any TableCell...) { add(cells) }
    mutating func add(_ cells: [any TableCell]) { rows.append(cells.map(\.shown)) }

    /// As wide as the terminal; unlimited without one, so that a row is a line for other programs.
    var text: String { text(width: Terminal.width ?? .max) }

    /// - Parameter width: in characters. The last column is broken at spaces so that lines are not longer; if the
    ///   others leave no room for it, it goes below them.
    func text(width: Int) -> String {
        let all = [head] + rows
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let column = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        let isBelow = column + (widths.last ?? 0) > width && width - column < 24
        let indent = isBelow ? 4 : column
        return all.enumerated().map { number, cells in
            let others = zip(cells, widths).dropLast().map { $0.padded(to: $1 + 2) }
            let prose = (cells.last ?? "").split(separator: "\n", omittingEmptySubsequences: false)
                .flatMap { String($0).wrapped(to: width == .max ? .max : width - indent) }
            let lines = isBelow && number > 0 ? [""] + prose : prose
            let row = others.joined() + lines.joined(separator: "\n" + String(repeating: " ", count: indent))
            return row.split(separator: "\n", omittingEmptySubsequences: false).map(\.withoutTrailingSpaces)
                .joined(separator: "\n")
        }.joined(separator: "\n")
    }
}

/// A table cell: a name, which is shown on one line, or a text, which may have several.
protocol TableCell {
    var shown: String { get }
}

extension String: TableCell {
    var shown: String { visible }
}

extension LocalizableText: TableCell {
    var shown: String { localized }
}

extension Substring {
    fileprivate var withoutTrailingSpaces: Substring {
        self[..<(lastIndex { $0 != " " }.map { index(after: $0) } ?? startIndex)]
    }
}

extension String {
    /// The text in lines that fit the terminal. Continuation lines have the same indentation. A line with a command is
    /// not broken, so that it can be copied.
    func fitting(_ width: Int?) -> String {
        guard let width else { return self }
        return split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.count > width, !["etoken-bridge ", "sudo "].contains(where: line.dropFirst().contains) else {
                return String(line)
            }
            let indent = String(line.prefix { $0 == " " })
            return String(line.dropFirst(indent.count)).wrapped(to: width - indent.count).map { indent + $0 }
                .joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
