import Basics
import Configuration

/// Whether a cluster encrypts: the enterprise parameter ClusterSecurityMode.
public enum SecurityMode: Int, Sendable, Hashable {
    case nonSecure = 0
    case mixed = 1

    /// `mixed`, `non-secure`
    public var name: String { self == .mixed ? "mixed" : "non-secure" }
}

/// In JSON it is its name.
extension SecurityMode: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let mode = [Self.mixed, .nonSecure].first(where: { $0.name == text }) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
        }
        self = mode
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

/// A line of `show cert list own` or `trust`.
public struct CertificateListEntry: Sendable, Hashable {
    /// `CallManager`, `Phone-SAST-trust` ...
    public var unit: String
    /// `CallManager.pem`
    public var name: String
    public var description: String

    public init(unit: String, name: String, description: String) {
        self.unit = unit
        self.name = name
        self.description = description
    }
}

/// A line of `utils service list`.
public struct ServiceStatus: Codable, Sendable, Hashable {
    public var name: String
    /// `STARTED`, `STOPPED` ...
    public var state: String
    /// The remark after it, for example `Service Not Activated`.
    public var remark: String

    private enum CodingKeys: String, CodingKey {
        case name, state
        case remark = "text"
    }

    public init(name: String, state: String, remark: String = "") {
        self.name = name
        self.state = state
        self.remark = remark
    }

    public var isRunning: Bool { state == "STARTED" }
}

/// The counts that `file delete` prints.
public struct DeletedFiles: Sendable, Hashable {
    public var found: Int
    public var deleted: Int

    public init(found: Int, deleted: Int) {
        self.found = found
        self.deleted = deleted
    }
}

/// Parsers for the output of the command line. Each returns nil for output that it does not know.
package enum CommandAnswers {
    /// `Active Master Version: 11.5.1.12900-21`
    package static func version(_ text: String) -> ClusterVersion? {
        for line in text.split(separator: "\n") {
            if let rest = after("Active Master Version:", in: line) { return ClusterVersion(rest) }
        }
        return nil
    }

    /// `UNIT/NAME.pem: TEXT`, one per line, the text possibly empty; some releases are said to print blocks of `Unit:`,
    /// `Type:`, `Name:` ... lines. Lines of another kind, a warning for example, are skipped if there are any entries
    /// at all.
    package static func certificates(_ text: String) -> [CertificateListEntry]? {
        let lines = text.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        if lines.contains(where: { after("Unit:", in: $0) != nil }) { return blocks(lines) }
        var entries: [CertificateListEntry] = []
        for line in lines {
            let text = line.trimmed
            guard let slash = text.firstIndex(of: "/") else { continue }
            let end =
                text[slash...].firstRange(of: ": ")?.lowerBound
                ?? (text.last == ":" ? text.index(before: text.endIndex) : nil)
            guard let end else { continue }
            let (unit, name) = (String(text[..<slash]), String(text[text.index(after: slash)..<end]))
            guard !unit.isEmpty, !name.isEmpty, !unit.contains(where: \.isWhitespace) else { continue }
            entries.append(
                CertificateListEntry(unit: unit, name: name, description: text[text.index(after: end)...].trimmed))
        }
        return entries.isEmpty && !lines.isEmpty ? nil : entries
    }

    private static func blocks(_ lines: [Substring]) -> [CertificateListEntry]? {
        var entries: [CertificateListEntry] = []
        for line in lines {
            if let unit = after("Unit:", in: line) {
                entries.append(CertificateListEntry(unit: unit, name: "", description: ""))
            } else if entries.isEmpty {
                continue
            } else if let name = after("Name:", in: line) {
                entries[entries.count - 1].name = name
            } else if let issuer = after("Issuer:", in: line) {
                entries[entries.count - 1].description = issuer
            }
        }
        // An entry without a name would be lost unnoticed: the caller has to know.
        return entries.contains { $0.name.isEmpty } ? nil : entries
    }

    /// `Cisco Tftp[STARTED]  `, possibly with a remark. Other lines are headings.
    package static func services(_ text: String) -> [ServiceStatus]? {
        let services = text.split(separator: "\n").compactMap { line -> ServiceStatus? in
            guard let open = line.firstIndex(of: "["), let close = line[open...].firstIndex(of: "]") else { return nil }
            let state = line[line.index(after: open)..<close].trimmed
            guard !state.isEmpty, state.allSatisfy({ $0.isUppercase || $0 == " " }) else { return nil }
            return ServiceStatus(
                name: line[..<open].trimmed, state: state,
                remark: line[line.index(after: close)...].trimmed)
        }
        return services.isEmpty ? nil : services
    }

    /// `files: found = 1, deleted = 1`
    package static func deletedFiles(_ text: String) -> DeletedFiles? {
        for line in text.split(separator: "\n") {
            guard line.contains("found"), line.contains("deleted") else { continue }
            let numbers = line.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
            if numbers.count == 2 { return DeletedFiles(found: numbers[0], deleted: numbers[1]) }
        }
        return nil
    }

    private static func after(_ prefix: String, in line: Substring) -> String? {
        let text = line.trimmed
        return text.hasPrefix(prefix) ? text.dropFirst(prefix.count).trimmed : nil
    }
}
