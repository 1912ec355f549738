extension BidirectionalCollection {
    /// Without the elements at either end for which this is true.
    package func trimmed(while isBlank: (Element) -> Bool) -> SubSequence {
        let start = drop(while: isBlank)
        return start[..<(start.lastIndex { !isBlank($0) }.map { start.index(after: $0) } ?? start.startIndex)]
    }
}

extension StringProtocol {
    /// Without white space at either end.
    package var trimmed: String { String(trimmed(while: \.isWhitespace)) }
}

extension String {
    /// Padded with spaces to `width` characters, at least one.
    package func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(1, width - count)) }

    /// Lines of at most this many characters, broken at spaces; a longer word gets its own line.
    package func wrapped(to width: Int) -> [String] {
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

    /// Escaped for an element or a quoted attribute of XML or HTML. Characters that XML 1.0 cannot represent are left
    /// out.
    package var escapedForMarkup: String {
        // Names of thousands of phones have nothing to escape.
        let isPlain = utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"): false
            default: (0x20..<0x7F).contains($0)
            }
        }
        if isPlain { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // HTML 4 does not have &apos;.
            case "'": result += "&#39;"
            case "\r": result += "&#13;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                result.unicodeScalars.append(scalar)
            default: break
            }
        }
        return result
    }
}

/// Base64 between lines that say what it is (RFC 7468).
package enum PEM {
    /// The first certificate in a text that contains other things, too, without the spaces that a terminal adds.
    package static func certificate(in text: String) -> String? {
        guard let start = text.firstRange(of: "-----BEGIN CERTIFICATE-----")?.lowerBound,
            let stop = text[start...].firstRange(of: "-----END CERTIFICATE-----")?.upperBound
        else { return nil }
        return lines(text[start..<stop])
    }

    /// What follows the last certificate in a text: on a terminal that echoes it, the response.
    package static func rest(of text: String) -> Substring {
        text[(text.ranges(of: "-----END CERTIFICATE-----").last?.upperBound ?? text.startIndex)...]
    }

    /// The lines of a block without spaces at their ends, each with its line feed.
    package static func lines(_ block: some StringProtocol) -> String {
        block.split(whereSeparator: \.isNewline).map(\.trimmed).joined(separator: "\n") + "\n"
    }

    /// Bytes as a block, lines of 64 characters, ending with a line feed.
    package static func block(_ label: String, _ bytes: [UInt8]) -> String {
        let body = Array(base64(bytes))
        let lines = body.chunks(of: 64).map { String($0) }
        return "-----BEGIN \(label)-----\n" + lines.joined(separator: "\n") + "\n-----END \(label)-----\n"
    }
}
