// Text that is shown may have been written by others: names in certificates, responses of nodes, files. A terminal
// obeys some characters instead of showing them, and some reverse the direction of others, or cannot be seen at all.
// All text for people goes through one of these two, names through the first.

extension String {
    /// The text on one line, with everything in it that would not be seen as `\u{202E}`: control characters with line
    /// feeds (Unicode's general category Cc, so also C1), formatting ones such as those that change the direction (Cf),
    /// and line and paragraph separators (Zl, Zp).
    public var visible: String { visible { $0.isHidden } }

    /// As ``visible``, but line feeds stay what they are: for a text of this program with its lines.
    public var visibleLines: String { visible { $0.isHidden && $0 != "\n" } }

    private func visible(_ isHidden: (Unicode.Scalar) -> Bool) -> String {
        // Nearly all text is like this.
        if utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return self }
        var output = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if isHidden(scalar) { output.append(contentsOf: scalar.code.unicodeScalars) } else { output.append(scalar) }
        }
        return String(output)
    }

    /// Whether a name is neither empty nor longer than this, in bytes of UTF-8, and contains nothing that is not seen: no end
    /// of a line, either.
    package func isPlain(upTo limit: Int) -> Bool {
        (1...limit).contains(utf8.count) && !unicodeScalars.contains(where: \.isHidden)
    }

    /// At most this many characters, the last three of a longer text being dots.
    package func shortened(to length: Int) -> String { count > length ? prefix(length - 3) + "..." : self }
}

extension Unicode.Scalar {
    /// Whether it is obeyed, or changes how others are shown, and is not seen itself.
    package var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// `\u{202E}`, as in Swift.
    var code: String { "\\u{\(String(value, radix: 16, uppercase: true))}" }
}
