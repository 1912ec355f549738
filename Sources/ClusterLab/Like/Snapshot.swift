import Basics
import FoundationEssentials

/// A snapshot of a real cluster (docs/snapshots.md), as far as the lab needs it.
struct Snapshot: Codable, Sendable {
    static let schema = "etoken-bridge-snapshot/1"

    struct Node: Codable, Sendable {
        let name: String
        let address: String
        let isPublisher: Bool
        let servesTFTP: Bool
        let runsTVS: Bool
        let runsCallManager: Bool
        let certificates: [Certificate]
        let ctl: Base64?
        let itl: Base64?

        private enum CodingKeys: String, CodingKey {
            case name, address, certificates, ctl, itl
            case isPublisher = "publisher"
            case servesTFTP = "tftp"
            case runsTVS = "tvs"
            case runsCallManager = "callManager"
        }
    }

    struct Certificate: Codable, Sendable {
        let unit: String
        let der: Base64?
    }

    struct Trusted: Codable, Sendable {
        let store: String
        let der: Base64?
    }

    struct Phones: Codable, Sendable {
        let groups: [PhonePopulation.Group]
        let pools: [PhonePopulation.Pool]
        let kinds: [Kind]
    }

    struct Kind: Codable, Sendable {
        let model: String
        let pool: String
        let profile: String
        let isRegistered: Bool?
        let count: Int

        private enum CodingKeys: String, CodingKey {
            case model, pool, profile, count
            case isRegistered = "registered"
        }
    }

    /// Bytes, written as base64.
    struct Base64: Codable, Sendable {
        let bytes: [UInt8]

        init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            guard let bytes = [UInt8](base64: text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "it is not base64"))
            }
            self.bytes = bytes
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(base64(bytes))
        }
    }

    let schema: String
    let version: String?
    /// `mixed` or `non-secure`.
    let securityMode: String?
    let nodes: [Node]
    let trust: [Trusted]
    let phones: Phones?
    /// What the cluster was seen to do differently, if the snapshot is that of a capture.
    private(set) var manners: [Manner] = []

    private enum CodingKeys: String, CodingKey { case schema, version, securityMode, nodes, trust, phones }

    /// The part of a capture that the lab needs besides its snapshot (docs/capture.md).
    private struct Capture: Decodable {
        let schema: String
        let manners: [String]
    }

    private static let captureSchema = "etoken-bridge-capture/1"

    /// - Parameter path: of a snapshot, or of a capture, which contains one.
    /// - Throws: ``LabError`` if the file is not a snapshot of a cluster that a lab can be modelled on.
    static func read(_ path: String) throws(LabError) -> Snapshot {
        let bytes = try LabFiles.read(path, limit: 64 << 20)
        var snapshot: Snapshot
        do {
            snapshot =
                bytes.starts(with: [0x1F, 0x8B])
                ? try inCapture(path) : try JSONDecoder().decode(Snapshot.self, from: Data(bytes))
        } catch {
            throw LabError(
                .badRequest,
                "\(path) is no snapshot and no capture; write one with etoken-bridge cluster status --snapshot FILE")
        }
        // A cluster that shows two manners that exclude each other has been seen to change; the lab cannot do that.
        while let problem = Manner.rival(in: snapshot.manners) { snapshot.manners.removeAll { $0 == problem } }
        func refuse(_ why: String) -> LabError {
            LabError(.badRequest, "the lab cannot be modelled on \(path): \(why)")
        }
        guard snapshot.schema == schema else {
            throw refuse("it is of the kind \(snapshot.schema), and not \(schema)")
        }
        guard (1...LabOptions.nodeCounts.upperBound).contains(snapshot.nodes.count) else {
            throw refuse(
                "it has \(snapshot.nodes.count) nodes, and a lab has up to \(LabOptions.nodeCounts.upperBound)")
        }
        guard snapshot.nodes.first?.isPublisher == true, snapshot.nodes.dropFirst().allSatisfy({ !$0.isPublisher })
        else { throw refuse("its first node is not its publisher") }
        guard Set(snapshot.nodes.map(\.name)).count == snapshot.nodes.count,
            snapshot.nodes.allSatisfy({ isName($0.name) })
        else { throw refuse("its nodes have names that cannot be used here") }
        guard snapshot.nodes.contains(where: \.servesTFTP) else { throw refuse("no node of it serves TFTP") }
        let most = LabOptions.phoneCounts.upperBound
        // One by one: the sum of what a file says may overflow.
        var phones = 0
        for kind in snapshot.phones?.kinds ?? [] {
            phones += min(max(kind.count, 0), most + 1)
            guard phones <= most else { throw refuse("it has more than \(most) phones, which is as many as a lab has") }
        }
        return snapshot
    }

    private static func inCapture(_ path: String) throws -> Snapshot {
        let archive = try Archive(file: path)
        let capture = try JSONDecoder().decode(Capture.self, from: Data(archive["capture.json"] ?? []))
        guard capture.schema == captureSchema else { throw Archive.Fault(code: .notAnArchive) }
        var snapshot = try JSONDecoder().decode(Snapshot.self, from: Data(archive["snapshot.json"] ?? []))
        // A later program may know more of them.
        snapshot.manners = capture.manners.compactMap(Manner.init)
        return snapshot
    }

    /// Names become folder names.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.count <= 100 && text.first != "."
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    /// The closest release that is not newer.
    var release: LabRelease {
        let numbers = (version ?? "").split(separator: ".").compactMap { Int($0) }
        switch numbers.first ?? 10 {
        case ..<9: return .release8
        case 9: return .release9
        case 10: return version?.hasPrefix("10.5.1.") == true ? .release10First : .release10
        case 11: return .release11
        case 12, 13: return .release12
        case 14: return .release14
        default: return .release15
        }
    }

    var mode: Int { securityMode == "non-secure" ? 0 : 1 }
}
