import Basics
import Cluster
import Configuration
import Messages
import X509

/// Readers of what the command line prints about a cluster's health.
enum StatusAnswers {
    /// `utils dbreplication runtimestate`: a row for each server, which ends `(2) Setup Completed`.
    ///
    /// - Returns: by the server's name. A cluster of one node has no replication, and no rows. Nil where neither a row
    ///   nor that is found.
    static func replication(_ text: String) -> [String: ClusterStatus.Replication]? {
        var states: [String: ClusterStatus.Replication] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 3, words[1].split(separator: ".").count == 4 || words[1].contains(":"),
                let open = line.lastIndex(of: "("), let close = line[open...].firstIndex(of: ")"),
                let state = Int(line[line.index(after: open)..<close])
            else { continue }
            let detail = TerminalText.collapsed(line[line.index(after: close)...])
            states[String(words[0])] = ClusterStatus.Replication(state: state, text: "(\(state)) \(detail)")
        }
        guard states.isEmpty else { return states }
        return TerminalText.collapsed(text).contains("single active node") ? [:] : nil
    }

    /// `show cert own NAME`: the text block, and the PEM where the release prints it.
    static func certificate(_ text: String, entry: CertificateListEntry) -> ClusterStatus.Certificate {
        var result = ClusterStatus.Certificate(unit: entry.unit, name: entry.name)
        if let begin = text.firstRange(of: "-----BEGIN CERTIFICATE-----"),
            let end = text.firstRange(of: "-----END CERTIFICATE-----"), begin.lowerBound < end.lowerBound,
            let certificate = try? Certificate(pem: String(text[begin.lowerBound..<end.upperBound]) + "\n")
        {
            result.subject = certificate.subject.rendered(.cucm)
            result.serialNumber = certificate.serialNumber.hex
            result.sha1 = certificate.sha1.hex
            result.notAfter = Timestamp(certificate.notAfter)
            return result
        }
        for line in text.split(separator: "\n") {
            let line = CommandAnswers.trimmed(line)
            if line.hasPrefix("To:") {
                result.notAfter = date(CommandAnswers.trimmed(line.dropFirst(3))).map { Timestamp($0) }
            }
            if line.hasPrefix("Serial Number:") {
                let digits = line.drop { $0 != ":" }.dropFirst().filter(\.isHexDigit)
                result.serialNumber = digits.lowercased()
            }
        }
        return result
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Wed Mar 04 14:02:00 CET 2020`, taken as UTC: a day more or less does not matter here.
    static func date(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, let month = months.firstIndex(of: String(words[1])), let day = Int64(words[2]),
            let year = Int64(words[5]), (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let time = words[3].split(separator: ":").compactMap { Int64($0) }
        guard time.count == 3 else { return nil }
        // Days since 1970 by the Gregorian calendar, with the year beginning in March.
        let shifted = (Int64(month) + 10) % 12
        let base = year - (month < 2 ? 1 : 0)
        let days = 365 * base + base / 4 - base / 100 + base / 400 + (shifted * 306 + 5) / 10 + day - 1 - 719_468
        return days * 86400 + time[0] * 3600 + time[1] * 60 + time[2]
    }
}

extension PlatformCommandLine {
    /// `utils dbreplication runtimestate`, which only the publisher answers for all.
    public func replication() throws(ClusterError) -> [String: ClusterStatus.Replication] {
        let command = ShellCommand("utils dbreplication runtimestate", timeout: 180)
        let text = try shell.run(command)
        guard let states = StatusAnswers.replication(text) else {
            let isUnknown = text.contains("No valid command entered")
            throw ClusterError(
                isUnknown ? .notSupported : .unexpectedAnswer, operation: localized("run \(command.text)"),
                node: shell.node,
                message: isUnknown
                    ? localized("its command line does not know the command")
                    : localized("its answer is not understood"),
                found: text)
        }
        return states
    }
}
