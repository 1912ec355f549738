import Basics
import Cluster
import Configuration
import Messages
import X509

/// The trust list files of all nodes that serve them to phones, read and written in parallel.
///
/// Source: docs/cluster-interfaces.md, "Files for phones".
public struct ClusterTrustLists: Sendable {
    public let hosts: [any TrustListHost]
    /// The cluster's name in the configuration, for advice; nil if the files are in folders.
    public let cluster: String?
    let isParallel: Bool

    /// - Parameters:
    ///   - hosts: in the order in which results are reported, the publisher first.
    ///   - cluster: its name in the configuration, for advice.
    ///   - isParallel: all nodes at once; otherwise one after another.
    public init(_ hosts: [any TrustListHost], of cluster: String? = nil, isParallel: Bool = true) {
        self.hosts = hosts
        self.cluster = cluster
        self.isParallel = isParallel
    }

    /// The nodes' names, in order.
    public var nodes: [String] { hosts.map(\.node) }

    /// Reads a file from every node over every transport. Failures are part of the result.
    public func read(_ kind: TrustListKind) -> DistributedFile {
        DistributedFile(kind: kind, readings: forEach(hosts) { Self.read(kind, from: $0) }.flatMap(\.self))
    }

    /// TFTP cannot tell a host that is down from a lost packet. If nothing listens for HTTP either, which the same
    /// service serves, it gets less time.
    private static let timeoutWithoutHTTP = 3.0

    private static func read(_ kind: TrustListKind, from host: any TrustListHost) -> [TrustListReading] {
        let http = read(kind, from: host, over: .http)
        let tftp =
            http.error?.code == .unreachable
            ? read(kind, from: host, over: .tftp, timeout: timeoutWithoutHTTP) : read(kind, from: host, over: .tftp)
        return [tftp, http]
    }

    private static func read(
        _ kind: TrustListKind, from host: any TrustListHost, over transport: TrustListTransport, timeout: Double = 15
    ) -> TrustListReading {
        let outcome: TrustListReading.Outcome
        do throws(ClusterError) {
            outcome = try host.fetch(kind, over: transport, timeout: timeout).map { .file($0) } ?? .absent
        } catch {
            outcome = .failed(error)
        }
        return TrustListReading(node: host.node, transport: transport, outcome: outcome)
    }

    /// A node that did not end up with what it should have.
    public struct PutFailure: Sendable {
        public let node: String
        public let error: ClusterError
        /// Whether the node may have stored what it was sent. If it may, reading it proves nothing: Cisco Tftp may keep
        /// serving the previous file.
        public let mayBeStored: Bool
    }

    /// Replaces the CTL file of nodes, or deletes it, and reads it back over every transport.
    ///
    /// - Parameters:
    ///   - contents: by the node's name what it should serve: a file, or nil for none. Other nodes are left alone.
    ///   - readsBack: whether the files are read back; otherwise the caller has to.
    ///   - restartsTFTP: whether Cisco Tftp is restarted on a node that serves something else afterwards.
    ///   - serving: nodes that already serve this, perhaps from memory. If such a node's response to the change is
    ///     lost, reading its file proves nothing; with any other node it does.
    /// - Returns: in the order of the nodes, those that did not end up with what they should.
    public func put(
        _ contents: [String: [UInt8]?], readsBack: Bool = true, restartsTFTP: Bool = false,
        serving: Set<String> = []
    ) -> [PutFailure] {
        let wanted = hosts.compactMap { host in contents[host.node].map { (host: host, contents: $0) } }
        return forEach(wanted) { item -> PutFailure? in
            let host = item.host
            do throws(ClusterError) {
                if let bytes = item.contents { try host.deploy(bytes) } else { try host.delete() }
            } catch {
                // A connection that ends early leaves open what the other side did.
                guard [.closed, .timedOut, .unexpectedAnswer].contains(error.code) else {
                    return PutFailure(node: host.node, error: error, mayBeStored: false)
                }
                let isProven =
                    !serving.contains(host.node)
                    && (try? Self.check(host, serves: item.contents, restartsTFTP: restartsTFTP)) != nil
                return isProven ? nil : PutFailure(node: host.node, error: error, mayBeStored: true)
            }
            do throws(ClusterError) {
                if readsBack { try Self.check(host, serves: item.contents, restartsTFTP: restartsTFTP) }
                return nil
            } catch {
                return PutFailure(node: host.node, error: error, mayBeStored: true)
            }
        }.compactMap(\.self)
    }

    /// Reads the CTL file of every node over every transport and compares.
    ///
    /// - Returns: in the order of the nodes, an error for each that serves something else.
    public func check(
        serves expected: [UInt8]?, restartsTFTP: Bool = false
    ) -> [(node: String, error: ClusterError)] {
        let errors = forEach(hosts) { host -> ClusterError? in
            do throws(ClusterError) {
                try Self.check(host, serves: expected, restartsTFTP: restartsTFTP)
                return nil
            } catch {
                return error
            }
        }
        return zip(hosts, errors).compactMap { host, error in error.map { (host.node, $0) } }
    }

    /// Reads the CTL file of a node; if it differs, restarts Cisco Tftp, if allowed, and reads it again.
    private static func check(
        _ host: any TrustListHost, serves expected: [UInt8]?, restartsTFTP: Bool
    ) throws(ClusterError) {
        do throws(ClusterError) {
            try check(host, serves: expected)
        } catch {
            guard error.code == .mismatch, restartsTFTP else { throw error }
            try host.restartTFTP()
            try check(host, serves: expected)
        }
    }

    /// Reads the CTL file of a node over every transport, which is what phones get, and asks the node what it has. Both
    /// must be what was expected.
    ///
    /// A node that has no way to say what it has is only read: whether that is enough was decided before the change.
    ///
    /// - Parameter expected: nil if there must be none.
    /// - Throws: `mismatch` naming the transport, and the checksums expected and found.
    public static func check(_ host: any TrustListHost, serves expected: [UInt8]?) throws(ClusterError) {
        func text(_ bytes: [UInt8]?) -> LocalizableText { TrustListStatement(of: bytes).summary }
        for transport in TrustListTransport.allCases {
            let found = try host.fetch(.ctl, over: transport)
            guard found == expected else {
                throw ClusterError(
                    .mismatch, operation: localized("read back \(TrustListKind.ctl.fileName)"), node: host.node,
                    message: localized(
                        "it serves different contents over \(transport.rawValue.uppercased()) than were uploaded"),
                    expected: text(expected), found: text(found))
            }
        }
        let statement: TrustListStatement
        do throws(ClusterError) { statement = try host.statement(of: .ctl) } catch {
            guard error.isWithoutAWay else { throw error }
            return
        }
        guard statement.fits(expected) else {
            throw ClusterError(
                .mismatch, operation: localized("read back \(TrustListKind.ctl.fileName)"), node: host.node,
                message: localized(
                    "TFTP and HTTP serve what was uploaded, but the node says with \(TrustListKind.ctl.command) that it has something else"
                ),
                expected: text(expected), found: statement.summary)
        }
    }

    func forEach<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @escaping @Sendable (Input) -> Output
    ) -> [Output] {
        isParallel ? Concurrently.map(inputs, body) : inputs.map(body)
    }
}
