import Basics
import Cluster
import Configuration
import Messages
import X509

/// Parsers for what the command line prints about a cluster's health.
package enum StatusAnswers {
    /// `utils dbreplication runtimestate`: a row for each server, ending with `(2) Setup Completed`.
    ///
    /// A server's row. It is named by its short host name, whatever the database calls it.
    package struct ReplicationRow: Sendable, Hashable {
        package var name: String
        package var address: String
        package var state: ClusterStatus.Replication

        func isOf(_ node: NodeConfiguration) -> Bool { node.isCalled(name) || node.isCalled(address) }
    }

    /// - Returns: a row for each server. A cluster of one node has no replication, and no rows. Nil if neither a row nor
    ///   that is found.
    package static func replication(_ text: String) -> [ReplicationRow]? {
        var states: [ReplicationRow] = []
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 3, words[1].split(separator: ".").count == 4 || words[1].contains(":"),
                let open = line.lastIndex(of: "("), let close = line[open...].firstIndex(of: ")"),
                let state = Int(line[line.index(after: open)..<close])
            else { continue }
            let detail = TerminalText.collapsed(line[line.index(after: close)...])
            states.append(
                ReplicationRow(
                    name: String(words[0]), address: String(words[1]),
                    state: ClusterStatus.Replication(state: state, text: "(\(state)) \(detail)")))
        }
        guard states.isEmpty else { return states }
        return TerminalText.collapsed(text).contains("single active node") ? [] : nil
    }

    /// `show cert own NAME`: the text block, and the PEM if the release prints it.
    package static func certificate(_ text: String, entry: CertificateListEntry) -> ClusterStatus.Certificate {
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
        let description = CertificateDescription(text)
        result.notAfter = description.notAfter.flatMap(date)
        result.serialNumber = description.serialNumber?.hex
        result.sha1 = description.sha1?.hex
        return result
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Wed Mar 04 14:02:00 CET 2020`, or OpenSSL's `Mar  4 14:02:00 2020 GMT`, taken as UTC: a day more or less does not
    /// matter here.
    static func date(_ text: String) -> Timestamp? {
        var words = text.split(separator: " ")
        if words.count == 5 { words = [""] + words[0...2] + [words[4], words[3]] }
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
    func replication() throws(ClusterError) -> [StatusAnswers.ReplicationRow] {
        let command = ShellCommand("utils dbreplication runtimestate", timeout: 180)
        let text = try run(command)
        guard let states = StatusAnswers.replication(text) else {
            throw ClusterError(
                .unexpectedAnswer, operation: localized("run \(command.text)"), node: shell.node,
                message: localized("unexpected output"), found: text)
        }
        return states
    }
}
