// Cells of tables for spreadsheets (docs/phones.md, "CSV files"). A spreadsheet computes a cell that begins with one of
// = + - @, whatever quotes are around it; a leading apostrophe makes it text (OWASP, "CSV Injection"; the tabs and line
// ends that are named there are invisible, and are written as codes). Reading removes exactly what writing has added.

extension String {
    /// The text as a cell: with an apostrophe before what a spreadsheet would compute, with characters that cannot be
    /// seen as `\u{1B}`, and in quotes if it contains a comma or a quote (RFC 4180).
    package var csvCell: String {
        // Nearly all text is like this.
        if let first = utf8.first, !"=+-@'".utf8.contains(first),
            utf8.allSatisfy({ 0x20...0x7E ~= $0 && !"\",;\\".utf8.contains($0) })
        {
            return self
        }
        let text = needsApostrophe(self) ? "'" + self : self
        // Where a spreadsheet takes semicolons for the separator, what follows one begins a cell.
        var output = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            let startsCode = scalar == "\\" && next == "u" && index + 2 < scalars.count && scalars[index + 2] == "{"
            let startsCell = scalar == ";" && next.map { "=+-@\"".unicodeScalars.contains($0) } == true
            if scalar.isHidden || startsCode || startsCell {
                output.append(contentsOf: scalar.code.unicodeScalars)
            } else {
                output.append(scalar)
            }
        }
        let cell = String(output)
        guard cell.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: ",") }) else { return cell }
        return "\"\(cell.reduce(into: "") { $0 += $1 == "\"" ? "\"\"" : String($1) })\""
    }

    /// The text that a cell stands for, without its quotes of RFC 4180.
    package init(csvCell cell: String) {
        let text = cell.hasPrefix("'") && needsApostrophe(cell.dropFirst()) ? String(cell.dropFirst()) : cell
        guard text.utf8.contains(UInt8(ascii: "\\")) else {
            self = text
            return
        }
        var output = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "\\") {
            output += rest[..<start]
            rest = rest[start...]
            if rest.hasPrefix("\\u{"), let end = rest.firstIndex(of: "}"),
                let scalar = UInt32(rest[rest.index(start, offsetBy: 3)..<end], radix: 16).flatMap(Unicode.Scalar.init),
                scalar.isHidden || scalar == "\\" || scalar == ";"
            {
                output.unicodeScalars.append(scalar)
                rest = rest[rest.index(after: end)...]
            } else {
                output += "\\"
                rest = rest.dropFirst()
            }
        }
        self = output + rest
    }
}

/// Whether a spreadsheet would compute a cell, or writing one has put an apostrophe before it.
private func needsApostrophe(_ text: some StringProtocol) -> Bool {
    guard let first = text.unicodeScalars.first(where: { $0 != "'" }) else { return false }
    return "=+-@".unicodeScalars.contains(first)
}
