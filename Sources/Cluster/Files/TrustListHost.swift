import Configuration
import Messages
import Transfers

/// The trust list files that a node serves to phones.
public enum TrustListKind: String, Sendable, Hashable, CaseIterable {
    case ctl = "CTLFile.tlv"
    case itl = "ITLFile.tlv"

    public var fileName: String { rawValue }
}

/// How a trust list file is read from a node (docs/cluster-interfaces.md).
public enum TrustListTransport: String, Sendable, Hashable, CaseIterable {
    case tftp
    case http
}

/// What can be done to the CTL file at a place that serves it.
public enum TrustListChange: Sendable, Hashable {
    case deploy
    case delete
}

/// A place that serves trust list files.
public protocol TrustListHost: Sendable {
    /// The node's name.
    var node: String { get }

    /// Reads a file; nil if the node has none.
    ///
    /// - Parameter timeout: seconds for the whole transfer.
    func fetch(
        _ kind: TrustListKind, over transport: TrustListTransport, timeout: Double
    ) throws(ClusterError) -> [UInt8]?

    /// What the place itself says about a file that it has, over a channel on which nobody else can answer.
    ///
    /// - Throws: `notSupported` if it has no such channel; `unexpectedAnswer` if it is not understood.
    func statement(of kind: TrustListKind) throws(ClusterError) -> TrustListStatement

    /// Does the part of a login for a change that needs no password.
    func approach(for change: TrustListChange) throws(ClusterError)

    /// Logs in for a change, so that a wrong password is detected before anything is changed.
    func prepare(for change: TrustListChange) throws(ClusterError)

    /// Replaces the CTL file. What phones get afterwards has to be read back.
    func deploy(_ contents: [UInt8]) throws(ClusterError)

    /// Deletes the CTL file. It is not an error if there is none.
    func delete() throws(ClusterError)

    /// Makes the server drop its cached files, and waits until it serves again.
    func restartTFTP() throws(ClusterError)
}

extension TrustListHost {
    public func approach(for change: TrustListChange) throws(ClusterError) {}

    public func prepare(for change: TrustListChange) throws(ClusterError) {}

    public func restartTFTP() throws(ClusterError) {}

    /// Reads a file; nil if the node has none.
    public func fetch(_ kind: TrustListKind, over transport: TrustListTransport) throws(ClusterError) -> [UInt8]? {
        try fetch(kind, over: transport, timeout: 15)
    }

    /// Reads a file over every transport and compares.
    ///
    /// - Throws: `mismatch` if they differ: phones would get one or the other.
    public func fetch(_ kind: TrustListKind) throws(ClusterError) -> [UInt8]? {
        let tftp = try fetch(kind, over: .tftp)
        let http = try fetch(kind, over: .http)
        guard tftp == http else {
            let length = { (file: [UInt8]?) -> LocalizableText in
                file.map { localized("\($0.count) bytes") } ?? localized("no file")
            }
            throw ClusterError(
                .mismatch, operation: localized("read \(kind.fileName)"), node: node,
                message: localized("TFTP and HTTP serve different files"),
                expected: localized("over TFTP \(length(tftp))"), found: localized("over HTTP \(length(http))"))
        }
        return tftp
    }
}

/// A node of a cluster: read over TFTP and HTTP, which its command line confirms; written through OS Administration; deleted
/// on the command line.
public struct NodeTrustListHost: TrustListHost {
    public var node: String { configuration.name }
    let configuration: NodeConfiguration
    private let wire: (any Wire)?
    private let administration: @Sendable () throws(ClusterError) -> OSAdministration
    private let commandLine: @Sendable () throws(ClusterError) -> PlatformCommandLine

    /// No phone accepts a longer trust list.
    package static let maximumSize = 1 << 20

    /// - Parameters:
    ///   - administration: asked for when something is to be written.
    ///   - commandLine: asked for when something is to be deleted.
    public init(
        _ configuration: NodeConfiguration, wire: (any Wire)? = nil,
        administration: @escaping @Sendable () throws(ClusterError) -> OSAdministration,
        commandLine: @escaping @Sendable () throws(ClusterError) -> PlatformCommandLine
    ) {
        self.configuration = configuration
        self.wire = wire
        self.administration = administration
        self.commandLine = commandLine
    }

    public func fetch(
        _ kind: TrustListKind, over transport: TrustListTransport, timeout: Double
    ) throws(ClusterError) -> [UInt8]? {
        let operation = localized("read \(kind.fileName) over \(transport == .tftp ? "TFTP" : "HTTP")")
        do throws(TransferError) {
            switch transport {
            case .tftp:
                let read = { () throws(TransferError) in
                    try TFTPClient.read(
                        kind.fileName, host: configuration.address, port: configuration.tftpPort, timeout: timeout,
                        maximumSize: Self.maximumSize)
                }
                guard let wire else { return try read() }
                return try wire.tftp(
                    kind.fileName, host: configuration.address, port: configuration.tftpPort, read)
            case .http:
                let url = "http://\(configuration.authority(port: configuration.httpPort))/\(kind.fileName)"
                var request = HTTPRequest.get(url)
                request.maximumBodySize = Self.maximumSize
                request.timeout = timeout
                let answer = try HTTPSession(wire: wire).send(request)
                switch answer.status {
                case 200: return answer.body
                case 404: return nil
                default:
                    throw TransferError(
                        code: .protocolError, operation: .verbatim("GET"), location: .verbatim(url),
                        message: localized("HTTP status \(answer.status)"))
                }
            }
        } catch {
            if error.code == .notFound { return nil }
            throw ClusterError(error, operation: operation, node: node)
        }
    }

    public func statement(of kind: TrustListKind) throws(ClusterError) -> TrustListStatement {
        let commandLine = try commandLine()
        return try kind == .ctl ? commandLine.showCTL() : commandLine.showITL()
    }

    public func approach(for change: TrustListChange) throws(ClusterError) {
        if change == .deploy { try administration().approach() }
    }

    public func prepare(for change: TrustListChange) throws(ClusterError) {
        switch change {
        case .deploy: try administration().connect()
        case .delete: _ = try commandLine()
        }
    }

    public func deploy(_ contents: [UInt8]) throws(ClusterError) {
        try administration().uploadTFTPFile(name: TrustListKind.ctl.fileName, contents: contents)
    }

    public func restartTFTP() throws(ClusterError) {
        try commandLine().restart(ClusterService.tftp)
    }

    public func delete() throws(ClusterError) {
        let counts = try commandLine().deleteTFTPFile(TrustListKind.ctl.fileName)
        guard counts.deleted == counts.found else {
            throw ClusterError(
                .refused, operation: localized("delete \(TrustListKind.ctl.fileName)"), node: node,
                message: localized("\(counts.deleted) of \(counts.found) files were deleted"))
        }
    }
}
