import Basics
import Synchronization
import X509

/// The trust certificates of the cluster, the same on all nodes: `trust-store/UNIT/NAME.pem`.
final class TrustStore: Sendable {
    struct Entry: Sendable, Hashable {
        /// The purpose, for example `Phone-SAST-trust`.
        let unit: String
        /// The file's name, with `.pem`.
        let file: String
        let certificate: Certificate
    }

    /// The purposes for which certificates can be uploaded, as offered on the web page.
    static let units = [
        "tomcat-trust", "CallManager-trust", "CAPF-trust", "ipsec-trust", "Phone-trust", "Phone-SAST-trust",
        "Phone-VPN-trust", "Phone-CTL-trust",
    ]

    private struct State {
        var entries: [Entry]
        var generation = 0
        /// Where certificates were deleted that other nodes still have, by unit and file.
        var partlyRemoved: [String: PartlyRemoved] = [:]
    }

    private struct PartlyRemoved {
        var nodes: Set<String>
        let since: ContinuousClock.Instant
    }

    /// How long a node is without a certificate that others still have.
    private static let returnSeconds = 5.0

    private let folder: String
    private let state: Mutex<State>

    /// Reads the existing certificates.
    init(folder: String) throws {
        self.folder = folder
        var entries: [Entry] = []
        for unit in Self.units {
            for file in Files.names(in: "\(folder)/\(unit)", hidden: false) where file.hasSuffix(".pem") {
                let certificate = try Certificate(pem: try LabFiles.text("\(folder)/\(unit)/\(file)"))
                entries.append(Entry(unit: unit, file: file, certificate: certificate))
            }
        }
        state = Mutex(State(entries: entries))
    }

    /// Changes whenever the store does.
    var generation: Int { state.withLock { $0.generation } }

    func entries(of unit: String? = nil) -> [Entry] {
        state.withLock { state in state.entries.filter { unit == nil || $0.unit == unit } }
            .sorted { ($0.unit, $0.file) < ($1.unit, $1.file) }
    }

    /// As a node has them: without those that were deleted there alone, and have not come back yet.
    func entries(at node: String) -> [Entry] {
        entries().filter { entry in
            state.withLock { state in
                guard let removal = state.partlyRemoved[entry.unit + "/" + entry.file] else { return true }
                return !removal.nodes.contains(node)
                    || ContinuousClock.now - removal.since > .seconds(Self.returnSeconds)
            }
        }
    }

    /// Deletes a certificate on one of the nodes; with the last one it is gone.
    ///
    /// - Returns: false if the node has none of that name.
    func remove(unit: String, file: String, at node: String, of nodes: [String]) throws(LabError) -> Bool {
        guard entries(at: node).contains(where: { $0.unit == unit && $0.file == file }) else { return false }
        let isLast = state.withLock { state in
            let key = unit + "/" + file
            var removal = state.partlyRemoved[key] ?? PartlyRemoved(nodes: [], since: .now)
            if ContinuousClock.now - removal.since > .seconds(Self.returnSeconds) {
                removal = PartlyRemoved(nodes: [], since: .now)
            }
            removal.nodes.insert(node)
            let isLast = removal.nodes.isSuperset(of: nodes)
            state.partlyRemoved[key] = isLast ? nil : removal
            return isLast
        }
        return isLast ? try remove(unit: unit, file: file) : true
    }

    func entry(unit: String, file: String) -> Entry? {
        state.withLock { state in state.entries.first { $0.unit == unit && $0.file == file } }
    }

    /// Adds a certificate. Adding the same one again changes nothing.
    ///
    /// - Returns: the entry, and whether it is new.
    func add(_ certificate: Certificate, unit: String) throws(LabError) -> (entry: Entry, isNew: Bool) {
        try state.withLock { (state) throws(LabError) in
            if let entry = state.entries.first(where: { $0.unit == unit && $0.certificate == certificate }) {
                return (entry, false)
            }
            let taken = Set(state.entries.filter { $0.unit == unit }.map(\.file))
            let base = Self.fileName(certificate)
            var file = base + ".pem"
            var number = 0
            while taken.contains(file) {
                number += 1
                file = "\(base)-\(number).pem"
            }
            let entry = Entry(unit: unit, file: file, certificate: certificate)
            try LabFiles.makeFolder("\(folder)/\(unit)")
            try LabFiles.write(certificate.pem, to: "\(folder)/\(unit)/\(file)", mode: 0o644)
            state.entries.append(entry)
            state.generation += 1
            return (entry, true)
        }
    }

    /// Removes a certificate.
    ///
    /// - Returns: false when there is no such file.
    func remove(unit: String, file: String) throws(LabError) -> Bool {
        try state.withLock { (state) throws(LabError) in
            guard let index = state.entries.firstIndex(where: { $0.unit == unit && $0.file == file }) else {
                return false
            }
            try LabFiles.remove("\(folder)/\(unit)/\(file)")
            state.entries.remove(at: index)
            state.generation += 1
            return true
        }
    }

    /// The common name, in a form that is valid in a file name.
    static func fileName(_ certificate: Certificate) -> String {
        let name = certificate.subject.value(of: "CN") ?? certificate.serialNumber.hex
        let parts = name.unicodeScalars.split { $0 == " " }.map(String.init)
        let text = parts.joined(separator: "_").unicodeScalars.map { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "._-".unicodeScalars.contains(scalar))
                ? String(scalar) : "_"
        }.joined()
        let safe = text.hasPrefix(".") ? "_" + text.dropFirst() : text
        return safe.isEmpty ? "certificate" : String(safe.prefix(100))
    }
}
