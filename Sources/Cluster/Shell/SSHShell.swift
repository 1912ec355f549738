import Basics
import Configuration
import Messages
import Secrets
import Synchronization

/// The command line of a node over SSH.
public final class SSHShell: ClusterShell {
    public let node: String
    private let configuration: NodeConfiguration
    private let user: String
    private let password: Secret
    private let timeout: Double
    private let connection: Mutex<SSHConnection?>
    private let observer: Observer?

    /// Gets what went over the terminal, command by command.
    public typealias Observer = @Sendable (TerminalTrace) -> Void

    /// No command prints more than this.
    private static let outputLimit = 8 << 20
    /// The first prompt takes a while (docs/cluster-interfaces.md).
    private static let firstPromptTimeout = 120.0
    /// After so many seconds of silence before the first prompt, a line end is sent, once.
    private static let wakeUpAfter = 8.0

    /// Connects, checks the host key, logs in and waits for the first prompt.
    ///
    /// - Parameters:
    ///   - timeout: seconds for connecting and logging in.
    ///   - observer: sees what goes over the terminal; nil if nobody does.
    /// - Throws: `configuration` if no key is pinned, `notTrusted` with the key found and the one expected: both before
    ///   any login. `loginRefused` after one attempt.
    public init(
        _ configuration: NodeConfiguration, user: String, password: Secret, timeout: Double = 30,
        observer: Observer? = nil
    ) throws(ClusterError) {
        self.observer = observer
        node = configuration.name
        (self.configuration, self.user, self.password, self.timeout) = (configuration, user, password, timeout)
        connection = Mutex(
            try Self.open(configuration, user: user, password: password, timeout: timeout, observer))
    }

    private static func open(
        _ configuration: NodeConfiguration, user: String, password: Secret, timeout: Double, _ observer: Observer?
    ) throws(ClusterError) -> SSHConnection {
        guard let pin = configuration.sshHostKey else {
            throw ClusterError(
                .configuration, operation: localized("log in to the command line"), node: configuration.name,
                message: localized("its SSH host key is not known yet"))
        }
        let deadline = ContinuousClock.now + .seconds(timeout)
        var connection = try SSHConnection.open(to: configuration, user: user, deadline: deadline)
        let found = try connection.hostKeyFingerprint()
        guard found == pin else {
            throw ClusterError(
                .notTrusted, operation: localized("log in to the command line"), node: configuration.name,
                message: localized("the SSH host key is not the pinned one"), expected: pin, found: found)
        }
        try connection.authenticate(password, until: deadline)
        try connection.openShell(until: deadline)
        _ = try converse(
            nil, on: connection, node: configuration.name,
            operation: localized("wait for the command line"),
            timeout: firstPromptTimeout, TerminalTrace(command: nil), observer, firstFor: user)
        // Releases that do not support it say so, and page; that is handled as well.
        let command = ShellCommand("set cli pagination off")
        _ = try send(
            command, on: connection, node: configuration.name, operation: localized("run \(command.text)"), observer)
        return connection
    }

    /// The SHA-256 fingerprint of a node's host key, for the first contact; of the pinned one, if one is pinned and the
    /// node has it. There is no login.
    public static func fingerprint(
        of configuration: NodeConfiguration, timeout: Double = 30
    ) throws(ClusterError) -> String {
        let connection = try SSHConnection.open(
            to: configuration, user: "", deadline: ContinuousClock.now + .seconds(timeout))
        return try connection.hostKeyFingerprint()
    }

    public func run(_ command: ShellCommand) throws(ClusterError) -> String {
        let operation: LocalizableText = localized("run \(command.text)")
        guard command.text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ClusterError(
                .configuration, operation: localized("run a command"), node: node,
                message: localized("it contains a control character"))
        }
        return try connection.withLock { (connection) throws(ClusterError) -> String in
            guard connection != nil else {
                throw ClusterError(
                    .closed, operation: operation, node: node, message: localized("the connection is closed"))
            }
            do throws(ClusterError) {
                if Self.hasEnded(connection!) {
                    // The node ended it while it was idle (after 30 minutes, by default). Nothing was sent yet.
                    connection = nil
                    connection = try Self.open(
                        configuration, user: user, password: password, timeout: timeout, observer)
                }
                return try Self.send(command, on: connection!, node: node, operation: operation, observer)
            } catch {
                // Whatever state the other side is in, the next command must not be taken for an answer to it.
                connection = nil
                throw error
            }
        }
    }

    public var isOpen: Bool { connection.withLock { $0 != nil } }

    public func close() { connection.withLock { $0 = nil } }

    /// Whether the other side has ended the session. What it printed since the last prompt belongs to no command.
    private static func hasEnded(_ connection: borrowing SSHConnection) -> Bool {
        while true {
            guard let stale = try? connection.receive(milliseconds: 1) else { return true }
            if stale.isEmpty { return false }
        }
    }

    private static func send(
        _ command: ShellCommand, on connection: borrowing SSHConnection, node: String, operation: LocalizableText,
        _ observer: Observer?
    ) throws(ClusterError) -> String {
        // Output since the last prompt does not belong to any command.
        var trace = TerminalTrace(command: command.text)
        while let stale = try connection.receive(milliseconds: 1), !stale.isEmpty {
            if observer != nil { trace.events.append(.stale(stale)) }
        }
        try connection.send(
            Array(command.text.utf8) + [UInt8(ascii: "\n")], until: ContinuousClock.now + .seconds(command.timeout))
        return try converse(
            command, on: connection, node: node, operation: operation, timeout: command.timeout, trace, observer)
    }

    private static func milliseconds(_ duration: Duration) -> Int { Int(clamped: duration / .milliseconds(1)) }

    /// - Parameter user: who has just logged in, while the first prompt is awaited; nil for a command.
    private static func converse(
        _ command: ShellCommand?, on connection: borrowing SSHConnection, node: String, operation: LocalizableText,
        timeout: Double, _ start: TerminalTrace, _ observer: Observer?, firstFor user: String? = nil
    ) throws(ClusterError) -> String {
        var isWoken = command != nil
        var conversation = Conversation(command)
        var trace = start
        defer { observer?(trace) }
        let deadline = ContinuousClock.now + .seconds(timeout)
        var lastByte = ContinuousClock.now
        while true {
            let now = ContinuousClock.now
            guard now < deadline else {
                throw ClusterError(
                    .timedOut, operation: operation, node: node,
                    message: localized("no prompt within \(Int(clamped: timeout)) s"),
                    found: conversation.text)
            }
            guard let bytes = try connection.receive(milliseconds: 50) else {
                if let user, ExpiredPassword.isSaid(in: conversation.text) {
                    throw ExpiredPassword.error(operation, node: node, user: user, found: conversation.text)
                }
                throw ClusterError(
                    .closed, operation: operation, node: node, message: localized("the SSH connection ended"),
                    found: conversation.text)
            }
            if !bytes.isEmpty {
                if observer != nil {
                    trace.events.append(.received(bytes, after: Self.milliseconds(ContinuousClock.now - lastByte)))
                }
                conversation.receive(bytes)
                lastByte = ContinuousClock.now
                guard conversation.count <= outputLimit else {
                    throw ClusterError(
                        .unexpectedAnswer, operation: operation, node: node,
                        message: localized("the output does not end"), found: String(conversation.text.prefix(200)))
                }
            }
            let quiet = ContinuousClock.now - lastByte
            switch conversation.next(after: Conversation.Silence(milliseconds: Self.milliseconds(quiet))) {
            case .wait where !isWoken && quiet > .seconds(wakeUpAfter):
                // Slow nodes are reported to show their first prompt only then.
                isWoken = true
                try connection.send([UInt8(ascii: "\n")], until: deadline)
                trace.events.append(.sent([UInt8(ascii: "\n")]))
                lastByte = ContinuousClock.now
            case .wait: break
            case .send(let answer):
                try connection.send(answer, until: deadline)
                trace.events.append(.sent(answer))
                lastByte = ContinuousClock.now
            case .finished(let text):
                trace.isComplete = true
                return text
            case .stuck(let question):
                // Instead of the first prompt: it starts passwd.
                if let user, ExpiredPassword.isSaid(in: conversation.text) {
                    throw ExpiredPassword.error(operation, node: node, user: user, found: conversation.text)
                }
                throw ClusterError(
                    .unexpectedQuestion, operation: operation, node: node,
                    message: localized("it asked an unknown question, which was not answered"), found: question)
            }
        }
    }
}
