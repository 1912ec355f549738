/// Words for a POSIX shell, for advice that people paste.
package enum Shell {
    /// One argument, written so that a shell hands over exactly this text (POSIX.1-2017, XCU 2.2), on one line and
    /// without a character that cannot be seen. Only line feeds at its very end are lost, as `$(...)` drops them.
    package static func word(_ text: String) -> String {
        if let first = text.utf8.first, first != UInt8(ascii: "="), text.utf8.allSatisfy(plain.contains) { return text }
        if text.unicodeScalars.contains(where: \.isHidden) {
            // In POSIX, only printf names characters by their codes: in the shell's own quotes they would be there.
            return "\"$(printf '\(text.unicodeScalars.map(inFormat).joined())')\""
        }
        return "'\(text.replacing("'", with: "'\\''"))'"
    }

    /// An option and its value, which may begin with a dash.
    package static func option(_ name: String, _ value: String) -> String {
        name + (value.hasPrefix("-") ? "=" : " ") + word(value)
    }

    /// A file that cannot be taken for an option.
    package static func path(_ path: String) -> String { path.hasPrefix("-") ? "./" + path : path }

    /// What no shell treats specially within a word, nor, but for the equals sign (zsh), at its beginning.
    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:,@%+=".utf8)

    /// A character in the format of printf, within single quotes: those that it or the quotes treat specially, and those
    /// that cannot be seen, as the octal numbers of their bytes.
    private static func inFormat(_ scalar: Unicode.Scalar) -> String {
        guard scalar.isHidden || scalar == "\\" || scalar == "%" || scalar == "'" || scalar == "-" else {
            return String(scalar)
        }
        return String(scalar).utf8.map { byte in
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }.joined()
    }
}

extension String {
    /// `Swift.String.replacing` needs a regular expression engine; this does not.
    fileprivate func replacing(_ character: Character, with other: String) -> String {
        reduce(into: "") { $0 += $1 == character ? other : String($1) }
    }
}
