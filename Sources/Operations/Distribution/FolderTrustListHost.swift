import Basics
import Cluster
import Configuration
import Glibc
import Messages

/// A folder on this machine that a TFTP server serves, for example Asterisk's.
public struct FolderTrustListHost: TrustListHost {
    /// The folder's path, used instead of a node name.
    public let node: String

    /// - Throws: `file` unless the folder exists.
    public init(_ folder: String) throws(ClusterError) {
        node = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        guard Files.isFolder(node) else {
            throw ClusterError(
                .file, operation: localized("use the folder \(folder)"),
                message: localized("no such folder"))
        }
    }

    private func path(_ kind: TrustListKind) -> String { "\(node)/\(kind.fileName)" }

    public func fetch(
        _ kind: TrustListKind, over transport: TrustListTransport, timeout: Double
    ) throws(ClusterError) -> [UInt8]? {
        do throws(FileError) {
            return try Files.read(path(kind), limit: NodeTrustListHost.maximumSize)
        } catch {
            if error.code == .notFound { return nil }
            throw ClusterError(error, operation: localized("read \(kind.fileName)"))
        }
    }

    /// The folder is on this machine: what it holds is what it states.
    public func statement(of kind: TrustListKind) throws(ClusterError) -> TrustListStatement {
        TrustListStatement(of: try fetch(kind, over: .tftp))
    }

    public func deploy(_ contents: [UInt8]) throws(ClusterError) {
        do throws(FileError) {
            // Readable by the server, which runs as a separate user.
            try Files.write(contents, to: path(.ctl), permissions: 0o644, replacing: true)
        } catch {
            throw ClusterError(error, operation: localized("write \(TrustListKind.ctl.fileName)"))
        }
    }

    public func delete() throws(ClusterError) {
        guard unlink(path(.ctl)) == 0 || errno == ENOENT else {
            throw ClusterError(
                .file, operation: localized("delete \(path(.ctl))"),
                message: .verbatim(String(cString: strerror(errno))))
        }
    }
}
