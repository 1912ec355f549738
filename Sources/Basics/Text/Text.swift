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
    /// With so many spaces behind it that it is `width` characters long, one at least.
    package func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(1, width - count)) }

    /// Lines of at most so many characters, broken at spaces; a longer word stands alone.
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

    /// As it may stand in an element or a quoted attribute of XML or HTML. Characters that XML 1.0 cannot hold are left
    /// out.
    package var escapedForMarkup: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // HTML 4 does not know &apos;.
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
    /// The first certificate in a text that holds other things, too, its lines freed of the blanks that a terminal adds.
    package static func certificate(in text: String) -> String? {
        guard let start = text.firstRange(of: "-----BEGIN CERTIFICATE-----")?.lowerBound,
            let stop = text[start...].firstRange(of: "-----END CERTIFICATE-----")?.upperBound
        else { return nil }
        return lines(text[start..<stop])
    }

    /// What follows the last certificate in a text: of a terminal that echoes it, the answer.
    package static func rest(of text: String) -> Substring {
        text[(text.ranges(of: "-----END CERTIFICATE-----").last?.upperBound ?? text.startIndex)...]
    }

    /// The lines of a block freed of blanks at their ends, each with its line feed.
    package static func lines(_ block: some StringProtocol) -> String {
        block.split(whereSeparator: \.isNewline).map(\.trimmed).joined(separator: "\n") + "\n"
    }

    /// Bytes as a block, lines of 64 characters, ending with a line feed.
    package static func block(_ label: String, _ bytes: [UInt8]) -> String {
        let body = Array(base64(bytes))
        let lines = stride(from: 0, to: body.count, by: 64).map { String(body[$0..<min($0 + 64, body.count)]) }
        return "-----BEGIN \(label)-----\n" + lines.joined(separator: "\n") + "\n-----END \(label)-----\n"
    }
}
