import Configuration
import ArgumentParser
import Basics
import Cluster
import Messages
import Operations
import TrustList
import X509

struct CtlFetch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: localized("Fetch the trust list file from every node, as phones do, and compare."),
        discussion: localized(
            """
            Every node is asked over TFTP and HTTP, all at once. If all serve the same file, one file is written. \
            Otherwise the differences are listed, and with a folder for --output every different file is written, \
            named after the node and the protocol; the exit status is then 8. An existing file is not overwritten.

            Example:
              etoken-bridge ctl fetch --cluster office --output CTLFile.tlv
              etoken-bridge ctl fetch --cluster office \\
                --node cucm-pub --itl -o /tmp/lists/
            """))

    @OptionGroup var cluster: ClusterOptions

    @Option(help: .localized("Only this node. May be repeated.", valueName: "name"))
    var node: [String] = []

    @Flag(help: .localized("Fetch ITLFile.tlv; every node has its own."))
    var itl = false

    @Option(
        name: .shortAndLong, help: .localized("The file to write, or a folder.", valueName: "file"),
        completion: .file())
    var output: String

    @Flag(help: .localized("Overwrite existing files."))
    var force = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let cluster = try cluster.configured()
        let hosts =
            try node.isEmpty
            ? cluster.trustListHosts : cluster.nodes(named: node).map(cluster.trustListHost)
        Terminal.note(
            localized(
                hosts.count, one: "Reading 1 node ...",
                other: "Reading \(hosts.count) nodes ..."))
        let file = ClusterTrustLists(hosts).read(itl ? .itl : .ctl)
        if file.answers.isEmpty, let error = file.failures.first?.error { throw error }
        guard !file.variants.isEmpty else {
            throw Failure(
                Status.notThere,
                localized("No node of cluster \(cluster.configuration.name) has a \(file.kind.fileName)."),
                next: itl
                    ? localized(
                        "Restart Cisco Tftp: etoken-bridge cluster restart-services --cluster \(word: cluster.configuration.name) --service tftp"
                    )
                    : localized(
                        "See its security mode: etoken-bridge cluster status --cluster \(word: cluster.configuration.name)"
                    ))
        }
        let written = try write(file)
        let findings = file.findings(of: cluster.configuration.name)
        let report = FetchReport(file, written: written, findings: findings)
        if common.json { try Terminal.json(report) } else { Terminal.out(report.text) }
        if findings.isEmpty, written.isEmpty {
            // ITL files differ from node to node, as they should.
            throw Failure(
                Status.partlyDone,
                localized(
                    "Nothing was written: every node has its own \(file.kind.fileName), and --output names a single file."
                ),
                next: localized("Specify a folder with --output, or one node with --node."))
        }
        guard findings.isEmpty else {
            throw Failure(
                Status.partlyDone,
                (findings.map(\.text)
                    + (written.isEmpty
                        ? [localized("Nothing was written, because --output names a single file.")] : []))
                    .joined(separator: " "),
                code: findings[0].code.rawValue,
                next: written.isEmpty
                    ? localized("Specify a folder with --output to get each of the files.") : findings[0].next[0])
        }
    }

    /// Writes what was read: one file if there is one; in a folder, all of them.
    private func write(_ file: DistributedFile) throws -> [String: String] {
        let isFolder = output.hasSuffix("/") || Files.isFolder(output)
        var places: [(key: String, path: String, bytes: [UInt8])] = []
        if file.variants.count == 1 {
            let path = isFolder ? inFolder(file.kind.fileName) : output
            for reading in file.answers {
                if let bytes = reading.bytes { places.append((reading.key, path, bytes)) }
            }
        } else {
            guard isFolder else { return [:] }
            for reading in file.answers {
                guard let bytes = reading.bytes else { continue }
                let differs = file.differingWithinNodes.contains { $0.node == reading.node }
                let stem = "\(file.kind.stem).\(reading.node)\(differs ? ".\(reading.transport.rawValue)" : "").tlv"
                places.append((reading.key, inFolder(stem), bytes))
            }
        }
        for path in Set(places.map(\.path)).sorted() where !force && Files.exists(path) {
            throw Failure(overwriting: path, hasForce: true)
        }
        if isFolder { try Files.makeFolder(inFolder(""), permissions: 0o755) }
        var written: Set<String> = []
        for place in places where written.insert(place.path).inserted {
            try Files.write(place.bytes, to: place.path, permissions: 0o644, replacing: force)
        }
        return Dictionary(places.map { ($0.key, $0.path) }, uniquingKeysWith: { first, _ in first })
    }

    private func inFolder(_ name: String) -> String {
        let folder = output.count > 1 && output.hasSuffix("/") ? String(output.dropLast()) : output
        return name.isEmpty ? folder : "\(folder)/\(name)"
    }
}

extension TrustListKind {
    fileprivate var stem: String { String(fileName.dropLast(4)) }
}

extension TrustListReading {
    fileprivate var key: String { "\(node) \(transport.rawValue)" }
}

/// What every node served.
private struct FetchReport: Encodable {
    struct Reading: Encodable {
        let node, transport, state: String
        let length: Int?
        let md5, sha1, file: String?
        let error: ErrorDocument?
    }

    let file: String
    let same: Bool
    let readings: [Reading]
    let findings: [StatusFinding]

    init(_ file: DistributedFile, written: [String: String], findings: [StatusFinding]) {
        self.file = file.kind.fileName
        same = findings.isEmpty
        self.findings = findings
        readings = file.readings.map { reading in
            Reading(
                node: reading.node, transport: reading.transport.rawValue, state: reading.state,
                length: reading.bytes?.count, md5: reading.bytes.map { Digest.md5($0).hex },
                sha1: reading.bytes.map { Digest.sha1($0).hex }, file: written[reading.key],
                error: reading.error.map(ErrorDocument.init))
        }
    }

    var text: String {
        var table = Table(localized("NODE"), localized("OVER"), localized("BYTES"), "SHA-1")
        for reading in readings {
            table.add(
                reading.node, reading.transport.uppercased(), reading.length.map(String.init) ?? "-",
                reading.sha1 ?? (reading.state == "absent" ? localized("no file") : localized("no answer")))
        }
        let files = Set(readings.compactMap(\.file)).sorted()
        return table.text
            + (files.isEmpty ? "" : "\n\n" + localized("Written: \(files.joined(separator: ", "))").localized)
    }
}

extension TrustListReading {
    fileprivate var state: String {
        switch outcome {
        case .file: "file"
        case .absent: "absent"
        case .failed: "failed"
        }
    }
}
