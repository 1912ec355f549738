import Basics

/// An entry of a phone's console log, of a phone's list of status messages, or of a trace of the Trust Verification Service.
///
/// Source: Cisco technote 118893; docs/phone-logs.md.
public struct LogEntry: Sendable, Hashable {
    public enum Source: String, Sendable, Hashable {
        /// `8074: NOT 23:00:22.335499 SECD: setupSocketToTvsProxy: Connected to TVS proxy server`
        case phone
        /// `23:00:22.052 | debug tvsHandleQueryCertReq`
        case tvs
        /// `23:00:22 11/23/26 Trust List Updated`
        case status
    }

    public let source: Source
    /// The numbers of its first and last line, from 1.
    public let lines: ClosedRange<Int>
    /// As the log writes it.
    public let time: String
    /// What follows the time, with wrapped lines joined.
    public let text: String

    /// Reads all entries of a log. Other lines are skipped; a line that is the rest of a wrapped one belongs to the
    /// entry before it.
    public static func read(_ text: String) -> [LogEntry] {
        var entries: [LogEntry] = []
        var mayContinue = false
        for (index, bytes) in text.utf8.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            // No log has such lines, and taking one apart takes long.
            guard bytes.count <= maximumLength else {
                mayContinue = false
                continue
            }
            // Nearly all lines of a large file end here, without being taken apart.
            let first = bytes.first { $0 > 0x20 } ?? 0
            guard mayContinue || first >= 0x80 || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
                continue
            }
            let content = Substring(bytes).trimmed(while: \.isWhitespace)
            if let entry = entry(content, line: index + 1) {
                entries.append(entry)
                mayContinue = true
            } else if content.isEmpty || content.hasPrefix("//") || content.hasPrefix("```") || content.hasPrefix("[")
                || looksLikeAHead(content)
            {
                mayContinue = false
            } else if mayContinue, let last = entries.last, entries[entries.count - 1].lines.count < maximumLines {
                entries[entries.count - 1] = LogEntry(
                    source: last.source, lines: last.lines.lowerBound...(index + 1), time: last.time,
                    text: join(last.text, content))
            }
        }
        return entries
    }

    /// Anything longer is not a wrapped line but something else.
    private static let maximumLines = 6
    /// Of a line, in bytes.
    private static let maximumLength = 8192

    /// A name that was wrapped in the middle continues without a space.
    private static func join(_ first: String, _ second: Substring) -> String {
        first.hasSuffix(";") || second.hasPrefix("\"") ? first + second : first + " " + second
    }

    /// A line of some other log: it starts with a number or a date.
    private static func looksLikeAHead(_ line: Substring) -> Bool {
        let word = line.prefix { !$0.isWhitespace }
        return word.contains(":") && word.first?.isNumber == true
    }

    private static func entry(_ line: Substring, line number: Int) -> LogEntry? {
        var words = Words(line)
        guard let first = words.next() else { return nil }
        // The sequence number of a phone's log, and a level of three letters.
        if first.hasSuffix(":") || first.allSatisfy(\.isNumber), Int(first.filter { $0 != ":" }) != nil {
            guard let level = words.next(), level.count == 3, level.allSatisfy({ $0.isLetter && $0.isUppercase }),
                var time = words.next()
            else { return nil }
            // Newer phones write the date before the time.
            if !isTime(time) {
                guard time.count == 3, let day = words.next(), Int(day) != nil, let clock = words.next() else {
                    return nil
                }
                time = clock
            }
            guard isTime(time) else { return nil }
            return LogEntry(source: .phone, lines: number...number, time: String(time), text: String(words.rest))
        }
        guard isTime(first) else { return nil }
        guard let second = words.next() else { return nil }
        if second == "|" {
            var text = words.rest
            if text.hasPrefix("debug ") { text = text.dropFirst(6).trimmed(while: \.isWhitespace) }
            return LogEntry(source: .tvs, lines: number...number, time: String(first), text: String(text))
        }
        let date = second.split(separator: "/")
        guard date.count == 3, date.allSatisfy({ Int($0) != nil }) else { return nil }
        return LogEntry(
            source: .status, lines: number...number, time: "\(first) \(second)", text: String(words.rest))
    }

    /// `23:00:22`, with or without a fraction.
    private static func isTime(_ word: Substring) -> Bool {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0].count <= 2 && parts[1].count == 2
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isNumber || $0 == "." } }
    }

    private struct Words {
        var rest: Substring

        init(_ line: Substring) { rest = line }

        mutating func next() -> Substring? {
            let word = rest.prefix { !$0.isWhitespace }
            guard !word.isEmpty else { return nil }
            rest = rest.dropFirst(word.count).drop(while: \.isWhitespace)
            return word
        }
    }
}
