import Basics
import Cluster
import Configuration
import Messages
import X509

/// Parsers for what the command line prints about a cluster's health.
enum StatusAnswers {
    /// `utils dbreplication runtimestate`: a row for each server, ending with `(2) Setup Completed`.
    ///
    /// - Returns: by the server's name. A cluster of one node has no replication, and no rows. Nil if neither a row
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

    /// `show cert own NAME`: the text block, and the PEM if the release prints it.
    static func certificate(_ text: String, entry: CertificateListEntry) -> ClusterStatus.Certificate {
        var result = ClusterStatus.Certificate(unit: entry.unit, name: entry.name)
        if let pem = PEM.certificate(in: text), let certificate = try? Certificate(pem: pem) {
            result.subject = certificate.subject.rendered(.cucm)
            result.serialNumber = certificate.serialNumber.hex
            result.sha1 = certificate.sha1.hex
            result.notAfter = Timestamp(certificate.notAfter)
            result.keyBits = certificate.publicKey.bits
            result.isRSA = certificate.publicKey.isRSA
            return result
        }
        for line in text.split(separator: "\n") {
            let line = line.trimmed
            if line.hasPrefix("To:") {
                result.notAfter = date(line.dropFirst(3).trimmed)
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
    static func date(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 6, let month = months.firstIndex(of: String(words[1])), let day = Int(words[2]),
            let year = Int(words[5]), year >= 1970, (1...31).contains(day)
        else { return nil }
        let time = words[3].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3 else { return nil }
        return Timestamp(
            year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2])
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
                    : localized("unexpected output"),
                found: text)
        }
        return states
    }
}
