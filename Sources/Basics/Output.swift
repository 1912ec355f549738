import Glibc

/// The one way to a terminal, to standard output and to standard error, for all programs of this package.
package enum Output {
    /// Writes text for people. What a terminal would obey instead of showing it is made visible, no matter who wrote
    /// it; only line feeds are kept.
    ///
    /// - Returns: false if it could not be written, for `errno`'s reason.
    @discardableResult
    package static func write(_ text: String, to descriptor: Int32) -> Bool {
        write(bytes: Array(text.visibleLines.utf8), to: descriptor)
    }

    /// Ends the program with what its parser of command lines says: a help text or script, which is the program's own, goes
    /// to standard output as it is; a usage error, which repeats what was given, to standard error. If the help text cannot
    /// be written to standard output, the status is 1.
    ///
    /// - Parameter leave: how the program ends.
    package static func end(saying text: String, status: Int32, by leave: (Int32) -> Never = { exit($0) }) -> Never {
        if status == 0 {
            if !write(bytes: Array("\(text)\n".utf8), to: STDOUT_FILENO) { leave(1) }
        } else if !text.isEmpty {
            write(text + "\n", to: STDERR_FILENO)
        }
        leave(status)
    }

    /// A style that carries meaning: something failed, something is well, a heading.
    package enum Style: String, Sendable {
        case bold = "1"
        case red = "1;31"
        case green = "32"
    }

    /// Writes text for people in a style, for a terminal that has it. What the text itself contains is made visible as
    /// always.
    @discardableResult
    package static func write(_ text: String, _ style: Style, to descriptor: Int32) -> Bool {
        write(bytes: Array("\u{1B}[\(style.rawValue)m\(text.visibleLines)\u{1B}[0m".utf8), to: descriptor)
    }

    /// Writes a line in place of the one that the cursor is on, and stays on it. It is cut so that it never wraps.
    ///
    /// - Parameter width: columns of the terminal.
    @discardableResult
    package static func rewriteLine(_ text: String, width: Int, to descriptor: Int32) -> Bool {
        let line = text.visible
        // The last column stays free: some terminals wrap as soon as it is used.
        let fitting = width > 4 ? line.shortened(to: width - 1) : ""
        return write(bytes: Array("\r\u{1B}[K\(fitting)".utf8), to: descriptor)
    }

    /// A line of text for people on standard output.
    package static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Writes bytes as they are: a file that was asked for on standard output, a JSON document, in which ``JSON`` has
    /// escaped what must be, and what a parser of command lines says of this program alone (help, completions).
    ///
    /// - Returns: false if they could not be written, for `errno`'s reason.
    @discardableResult
    package static func write(bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
