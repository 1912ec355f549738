/// Turns the bytes sent to a terminal into the text that a reader would see.
package enum TerminalText {
    /// CR LF and LF end a line; a bare CR goes back to its start and overwrites; backspace goes back by one; escape
    /// sequences (ECMA-48 CSI and two-byte ones) and other control bytes do nothing. Spaces at line ends are removed.
    static func plain(_ bytes: some Sequence<UInt8>) -> String {
        var lines: [String] = []
        var line: [UInt8] = []
        var column = 0
        var escape = Escape.none
        func finished() -> String {
            var end = line.count
            while end > 0, line[end - 1] == UInt8(ascii: " ") || line[end - 1] == UInt8(ascii: "\t") { end -= 1 }
            return String(decoding: line[..<end], as: UTF8.self)
        }
        for byte in bytes {
            switch (escape, byte) {
            case (.none, 0x1B): escape = .started
            case (.started, UInt8(ascii: "[")): escape = .sequence
            case (.started, _): escape = .none
            case (.sequence, 0x40...0x7E): escape = .none
            case (.sequence, _): break
            case (.none, UInt8(ascii: "\n")):
                lines.append(finished())
                line = []
                column = 0
            case (.none, UInt8(ascii: "\r")): column = 0
            case (.none, 0x08): column = max(0, column - 1)
            case (.none, 0x00...0x08), (.none, 0x0B...0x1F), (.none, 0x7F): break
            case (.none, _):
                if column < line.count { line[column] = byte } else { line.append(byte) }
                column += 1
            }
        }
        lines.append(finished())
        return lines.joined(separator: "\n")
    }

    /// Runs of white space collapsed to one space, none at the ends.
    package static func collapsed(_ text: some StringProtocol) -> String {
        text.split { $0.isWhitespace }.joined(separator: " ")
    }

    private enum Escape { case none, started, sequence }
}
