import Configuration
import Messages
import Secrets
import Synchronization

/// A CUCM cluster seen from outside: its configuration, and clients for each of its interfaces.
///
/// Connections and logins are made at the first use and kept. Passwords are asked for once.
public final class ClusterClient: Sendable {
    public let configuration: ClusterConfiguration
    private let credentials: CredentialProvider
    private let wire: (any ClusterWire)?
    private let state = Mutex(State())
    /// Held while a password is asked for, so that concurrently used nodes ask for it only once.
    private let asking = Mutex(())

    private struct State {
        var passwords: [Account: Secret] = [:]
        /// Why there is no password: it is not asked for again.
        var missingPasswords: [Account: ClusterError] = [:]
        var administrations: [String: OnceValue<OSAdministration>] = [:]
        var commandLines: [String: OnceValue<PlatformCommandLine>] = [:]
        var version: ClusterVersion?
    }

    /// - Parameter wire: observes the cluster's responses; nil if nobody does.
    public init(
        _ configuration: ClusterConfiguration, credentials: CredentialProvider = .passwordFiles,
        wire: (any ClusterWire)? = nil
    ) {
        self.wire = wire
        self.configuration = configuration
        self.credentials = credentials
    }

    deinit { close() }

    /// The node that holds the database and the trust stores.
    public func publisher() throws(ClusterError) -> NodeConfiguration {
        guard let publisher = configuration.publisher else {
            throw ClusterError(
                .configuration, operation: localized("use the cluster \(configuration.name)"),
                message: localized("the configuration names no publisher"))
        }
        return publisher
    }

    public func node(_ name: String) throws(ClusterError) -> NodeConfiguration {
        guard let node = configuration.node(name) else {
            throw ClusterError(
                .configuration, operation: localized("use the cluster \(configuration.name)"), node: name,
                message: localized("it is not in the configuration"),
                found: configuration.nodes.map(\.name).joined(separator: ", "))
        }
        return node
    }

    /// The configured version; otherwise the publisher is asked on its command line.
    public func version() throws(ClusterError) -> ClusterVersion {
        if let version = configuration.version ?? state.withLock({ $0.version }) { return version }
        let version = try commandLine(of: try publisher()).version()
        state.withLock { $0.version = version }
        return version
    }

    /// The command line of a node. Concurrent callers for the same node get the same session.
    public func commandLine(of node: NodeConfiguration) throws(ClusterError) -> PlatformCommandLine {
        let once = state.withLock { $0.commandLines.value(of: node.name) }
        return try once.get(isUsable: \.shell.isOpen) { () throws(ClusterError) in
            let (user, password) = try login(.platform)
            guard let wire else { return PlatformCommandLine(try SSHShell(node, user: user, password: password)) }
            return PlatformCommandLine(
                try SSHShell(node, user: user, password: password) { wire.terminal($0, of: node) })
        }
    }

    /// OS Administration of a node.
    public func administration(of node: NodeConfiguration) throws(ClusterError) -> OSAdministration {
        let once = state.withLock { $0.administrations.value(of: node.name) }
        return try once.get { () throws(ClusterError) in
            let (user, password) = try login(.platform)
            return try OSAdministration(
                node, version: configuration.version, user: user, password: password, wire: wire)
        }
    }

    /// The certificate REST interface of a node, which exists from 14 on.
    public func certificateREST(of node: NodeConfiguration) throws(ClusterError) -> CertificateREST {
        let (user, password) = try login(.platform)
        return try CertificateREST(node, user: user, password: password, wire: wire)
    }

    /// The trust list files that a node serves. Reading needs no login.
    public func trustListHost(_ node: NodeConfiguration) -> any TrustListHost {
        NodeTrustListHost(
            node, wire: wire, administration: { () throws(ClusterError) in try self.administration(of: node) },
            commandLine: { () throws(ClusterError) in try self.commandLine(of: node) })
    }

    /// The trust list files of all nodes that serve them, the publisher first; one at least.
    ///
    /// - Throws: `configuration` if no node serves TFTP.
    public var trustListHosts: [any TrustListHost] {
        get throws(ClusterError) {
            let nodes = configuration.tftpNodes
            guard !nodes.isEmpty else {
                throw ClusterError(
                    .configuration, operation: localized("use the cluster \(configuration.name)"),
                    message: ClusterConfiguration.nobodyServesTFTP(configuration.name))
            }
            return nodes.map(trustListHost)
        }
    }

    /// AXL on the publisher.
    public func axl() throws(ClusterError) -> AXLClient {
        let (user, password) = try login(.application)
        return try AXLClient(try publisher(), version: try version(), user: user, password: password, wire: wire)
    }

    /// Whether the application account is accepted and may read: AXL is asked for something small.
    public func tryApplicationAccount() throws(ClusterError) {
        _ = try axl().executeSQLQuery("select name from processnode")
    }

    /// The Real-time Information Service on the publisher.
    public func ris() throws(ClusterError) -> RISClient {
        let (user, password) = try login(.application)
        return try RISClient(
            try publisher(), version: configuration.version, user: user, password: password, wire: wire)
    }

    /// The Trust Verification Service of a node; of the publisher by default.
    public func tvs(on node: NodeConfiguration? = nil) throws(ClusterError) -> TVSClient {
        if let node { return try TVSClient(node, wire: wire) }
        return try TVSClient(try publisher(), wire: wire)
    }

    /// The web page of a phone, at the address that RIS gives for it.
    public func phonePage(address: String, phone: String? = nil) -> PhonePage {
        PhonePage(address: address, port: configuration.phoneWebPort, phone: phone, wire: wire)
    }

    /// The keys of a phone. Its password is asked for here, once.
    public func phoneKeys(address: String, phone: String) throws(ClusterError) -> PhoneKeys {
        let (user, password) = try login(.phones)
        return PhoneKeys(phonePage(address: address, phone: phone), user: user, password: password)
    }

    /// Whether one of the passwords that were used until now occurs in these bytes.
    package func isPassword(in bytes: [UInt8]) -> Bool {
        state.withLock { Array($0.passwords.values) }.contains { $0.occurs(in: bytes) }
    }

    /// Asks for an account's password, if it was not asked for before.
    public func askForPassword(of account: Account) throws(ClusterError) { _ = try login(account) }

    /// Ends all connections.
    public func close() {
        let commandLines = state.withLock { state in
            defer { state.commandLines = [:] }
            return state.commandLines.values.compactMap(\.value)
        }
        for commandLine in commandLines { commandLine.shell.close() }
    }

    private func login(_ account: Account) throws(ClusterError) -> (user: String, password: Secret) {
        guard let settings = configuration.account(account) else {
            throw ClusterError(
                .configuration, operation: localized("log in to the cluster \(configuration.name)"),
                message: localized("the configuration has no \(account.rawValue) account"))
        }
        return try asking.withLock { (_) throws(ClusterError) in
            if let known = state.withLock({ $0.passwords[account] }) { return (settings.user, known) }
            if let error = state.withLock({ $0.missingPasswords[account] }) { throw error }
            do throws(ClusterError) {
                let password = try credentials.password(account, settings)
                state.withLock { $0.passwords[account] = password }
                return (settings.user, password)
            } catch {
                state.withLock { $0.missingPasswords[account] = error }
                throw error
            }
        }
    }
}

extension Dictionary {
    /// The value of a key, which is kept from the first time it is asked for.
    fileprivate mutating func value<Content>(of key: Key) -> Value where Value == OnceValue<Content> {
        if let value = self[key] { return value }
        let value = OnceValue<Content>()
        self[key] = value
        return value
    }
}
