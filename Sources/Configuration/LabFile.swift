import Basics
import FoundationEssentials
import Messages

/// `lab.json`, in which a cluster-lab describes itself.
public enum LabFile {
    public static let name = "lab.json"
    static let schema = "cluster-lab/1"

    /// Reads `lab.json` in a lab's folder.
    public static func read(folder: String) throws(ClusterError) -> ClusterConfiguration {
        let path = "\(folder)/\(name)"
        let operation = localized("read the lab's description \(path)")
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, limit: 1 << 20)
        } catch {
            throw ClusterError(.file, operation: operation, message: .verbatim(error.reason), cause: error)
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch {
            throw ClusterError(
                .configuration, operation: operation, message: localized("it was not written by a lab: \(error)"),
                cause: error)
        }
        guard document.schema == schema else {
            throw ClusterError(
                .configuration, operation: operation, message: localized("it has the wrong type"), expected: schema,
                found: document.schema)
        }
        guard let version = ClusterVersion(document.version) else {
            throw ClusterError(
                .configuration, operation: operation, message: localized("'\(document.version)' is not a version"))
        }
        return ClusterConfiguration(
            name: document.name, version: version,
            nodes: document.nodes.map { node in
                var configuration = node.configuration
                configuration.legacyTLS = document.legacyTLS ?? false
                configuration.legacySSH = document.legacySSH ?? false
                return configuration
            },
            platform: document.credentials["platform"]?.configuration,
            application: document.credentials["application"]?.configuration, phoneWebPort: document.phoneWebPort)
    }

    private struct Document: Decodable {
        var schema: String
        var name: String
        var version: String
        var credentials: [String: Credential]
        var phoneWebPort: UInt16
        /// What an old release needs; older labs do not state it.
        var legacyTLS: Bool?
        var legacySSH: Bool?
        var nodes: [Node]
    }

    private struct Credential: Decodable {
        var user: String
        var passwordFile: String

        var configuration: AccountConfiguration { AccountConfiguration(user: user, passwordFile: passwordFile) }
    }

    private struct Node: Decodable {
        var name: String
        var publisher: Bool
        var address: String
        var tftpPort: UInt16
        var httpPort: UInt16
        var httpsPort: UInt16
        var sshPort: UInt16
        var tvsPort: UInt16?
        var tlsPin: String
        var sshHostKey: String
        var tvsPin: String?
        /// Whether the node serves trust lists; older labs do not state it, and there every node does.
        var tftp: Bool?

        var configuration: NodeConfiguration {
            NodeConfiguration(
                name: name, isPublisher: publisher, address: address, tftpPort: tftpPort, httpPort: httpPort,
                httpsPort: httpsPort, sshPort: sshPort, tvsPort: tvsPort, tlsPin: tlsPin, sshHostKey: sshHostKey,
                tvsPin: tvsPin, servesTFTP: tftp ?? true)
        }
    }
}
