import Basics
import Messages

/// Rows and columns for the terminal: columns as wide as their widest cell, two spaces apart. The last column is the one
/// for prose.
///
/// On a terminal a table keeps its columns: where it is too narrow, names are shortened in their middle, prose and checksums
/// never. Elsewhere every value is whole, and a row is a line for other programs. Source: docs/operator-guide.md, "Tables".
struct Table {
    let head: [String]
    var rows: [[String]] = []

    init(_ head: any TableCell...) { self.init(head) }
    init(_ head: [any TableCell]) { self.head = head.map(\.shown) }

    mutating func add(_ cells: any TableCell...) { add(cells) }
    mutating func add(_ cells: [any TableCell]) { rows.append(cells.map(\.shown)) }

    /// As wide as the terminal; unlimited without one, so that a row is a line for other programs.
    var text: String { text(width: Terminal.width ?? .max) }

    /// - Parameter width: in characters. No line is longer, except for one with a command, which can be copied: the last
    ///   column is broken at spaces; if the others leave no room for it even when they are shortened, it goes below them.
    func text(width: Int) -> String {
        let all = [head] + rows
        var widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        guard width < .max, let last = widths.popLast() else { return lines(all, head.indices.map { _ in .max }, .max) }
        let gaps = 2 * widths.count
        if widths.reduce(gaps + last, +) <= width { return lines(all, widths, width) }
        let prose = min(last, max(Self.prose, all.map { Self.longestWord($0.last ?? "") }.max() ?? 0))
        let shorter = shortened(widths, to: width - gaps - prose)
        if shorter.reduce(gaps + prose, +) <= width { return lines(all, shorter, width) }
        return lines(all, shortened(widths, to: width - gaps + 2), width, isBelow: true)
    }

    /// A column of prose is no narrower than this, and one of names than that.
    private static let (prose, name) = (24, 11)

    /// In characters, without commands, which are not broken anyway. Beyond this, words are broken.
    private static func longestWord(_ text: String) -> Int {
        min(44, text.split(whereSeparator: \.isWhitespace).map(\.count).max() ?? 0)
    }

    /// Shortens the widest columns by what is too much, as far as names can still be distinguished.
    private func shortened(_ widths: [Int], to room: Int) -> [Int] {
        var widths = widths
        let least = zip(widths, head).map { min($0, max($1.count, Self.name)) }
        while widths.reduce(0, +) > room {
            guard let widest = widths.indices.filter({ widths[$0] > least[$0] }).max(by: { widths[$0] < widths[$1] })
            else { break }
            widths[widest] -= 1
        }
        return widths
    }

    private func lines(_ rows: [[String]], _ widths: [Int], _ width: Int, isBelow: Bool = false) -> String {
        let natural = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let widths = zip(widths, natural).map { min($0, $1) }
        let indent = isBelow ? 4 : widths.prefix(head.count - 1).reduce(0) { $0 + $1 + 2 }
        let room = width == .max ? Int.max : width - indent
        return rows.map { cells in
            let others = zip(cells, widths).prefix(head.count - 1).map {
                $0.shortenedInTheMiddle(to: $1).padded(to: $1 + 2)
            }
            let prose = (cells.last ?? "").split(separator: "\n", omittingEmptySubsequences: false)
                .flatMap { String($0).column(of: room) }
            let lines = isBelow ? [""] + prose : prose
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
    /// At most this many characters: what names have in common is mostly at their beginnings, and what tells them apart at
    /// their ends, so that dots take the place of the middle.
    func shortenedInTheMiddle(to width: Int) -> String {
        guard count > width else { return self }
        guard width > 6 else { return String(prefix(width)) }
        let end = (width - 3) / 2
        return prefix(width - 3 - end) + "..." + suffix(end)
    }

    /// Lines for a column: a name that is too long is shortened, prose is broken at spaces, and a longer word in it where
    /// the column ends. A command stays in one piece.
    fileprivate func column(of width: Int) -> [String] {
        guard count > width, !hasCommand else { return [self] }
        if !contains(" ") { return [shortenedInTheMiddle(to: width)] }
        return wrapped(to: width).flatMap { line -> [String] in
            guard line.count > width else { return [line] }
            var (rest, pieces): (Substring, [String]) = (line[...], [])
            while !rest.isEmpty {
                pieces.append(String(rest.prefix(width)))
                rest = rest.dropFirst(width)
            }
            return pieces
        }
    }

    /// Whether there is something in it that people copy.
    private var hasCommand: Bool { ["etoken-bridge ", "sudo "].contains(where: contains) }

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
