import CSSH
import Configuration
import Glibc
import Messages
import Secrets

/// A libssh session and its one channel, freed with their owner. Used by one thread at a time: its owner holds a lock.
struct SSHConnection: ~Copyable {
    private let session: OpaquePointer
    private var channel: OpaquePointer?
    private let node: NodeConfiguration
    private let user: String

    /// Key exchanges, host keys, ciphers and MACs of old releases, after the current ones.
    private static let legacyKeyExchanges =
        "curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,"
        + "diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1"
    private static let legacyHostKeys =
        "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-rsa"
    private static let legacyCiphers = "aes256-ctr,aes192-ctr,aes128-ctr,aes256-cbc,aes128-cbc,3des-cbc"

    private static let legacyMACs = "hmac-sha2-512,hmac-sha2-256,hmac-sha1"

    /// The types of host keys, in the order in which a server's other keys are asked for.
    private static let hostKeyTypes = [
        "ssh-ed25519", "ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521", "rsa-sha2-512,rsa-sha2-256",
    ]

    /// Connects, and finds the pinned key if the server has it.
    ///
    /// A server has a key of each type, and the pinned fingerprint does not say which type it belongs to. So if the
    /// server presents another key than the pinned one, it is asked for its others before its key counts as changed.
    /// Nothing is authenticated meanwhile.
    ///
    /// - Returns: the connection with the pinned host key, or else the first one.
    static func open(
        to node: NodeConfiguration, user: String, deadline: ContinuousClock.Instant
    ) throws(ClusterError) -> SSHConnection {
        let first = try SSHConnection(to: node, user: user, deadline: deadline)
        guard let pin = node.sshHostKey, try first.hostKeyFingerprint() != pin else { return first }
        for type in hostKeyTypes {
            do throws(ClusterError) {
                let other = try SSHConnection(to: node, user: user, deadline: deadline, hostKeys: type)
                if try other.hostKeyFingerprint() == pin { return other }
            } catch {
                // It has no key of this type.
            }
        }
        return first
    }

    /// Connects and exchanges keys; nothing is authenticated yet.
    ///
    /// - Parameter hostKeys: the types of host keys to accept; nil for all that are allowed.
    init(
        to node: NodeConfiguration, user: String, deadline: ContinuousClock.Instant, hostKeys: String? = nil
    ) throws(ClusterError) {
        guard let session = ssh_new() else { fatalError("out of memory") }
        self.session = session
        self.node = node
        self.user = user
        channel = nil
        // ~/.ssh/config and known_hosts are ignored here: the configuration specifies host, port and key. libssh would
        // prefer a host key's type that it finds in known_hosts, and then get another key than the pinned one.
        _ = etb_ssh_option_int(session, SSH_OPTIONS_PROCESS_CONFIG, 0)
        _ = etb_ssh_option_string(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null")
        _ = etb_ssh_option_string(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null")
        _ = etb_ssh_option_string(session, SSH_OPTIONS_HOST, node.address)
        _ = etb_ssh_option_int(session, SSH_OPTIONS_PORT, Int32(node.sshPort))
        _ = etb_ssh_option_string(session, SSH_OPTIONS_USER, user)
        if node.legacySSH {
            _ = etb_ssh_option_string(session, SSH_OPTIONS_KEY_EXCHANGE, Self.legacyKeyExchanges)
            _ = etb_ssh_option_string(session, SSH_OPTIONS_HOSTKEYS, Self.legacyHostKeys)
            _ = etb_ssh_option_string(session, SSH_OPTIONS_CIPHERS_C_S, Self.legacyCiphers)
            _ = etb_ssh_option_string(session, SSH_OPTIONS_CIPHERS_S_C, Self.legacyCiphers)
            _ = etb_ssh_option_string(session, SSH_OPTIONS_HMAC_C_S, Self.legacyMACs)
            _ = etb_ssh_option_string(session, SSH_OPTIONS_HMAC_S_C, Self.legacyMACs)
        }
        if let hostKeys { _ = etb_ssh_option_string(session, SSH_OPTIONS_HOSTKEYS, hostKeys) }
        ssh_set_blocking(session, 0)
        let result = try complete(localized("connect"), until: deadline) { ssh_connect(session) }
        guard result == SSH_OK else {
            throw refusal(lastError)
        }
    }

    /// Why there is no connection, from libssh's message.
    private func refusal(_ reason: String) -> ClusterError {
        func error(_ code: ClusterError.Code, _ message: LocalizableText) -> ClusterError {
            ClusterError(
                code, operation: localized("connect to the command line"), node: node.name, message: message,
                cause: Reason(description: reason))
        }
        let place = localized("\(node.address) port \(node.sshPort)")
        guard !reason.contains("no match for method") else {
            return node.legacySSH
                ? error(.unexpectedAnswer, localized("no SSH algorithm in common with \(place), not even an old one"))
                : error(
                    .noCommonSSHAlgorithm, localized("\(place) supports no SSH algorithm that is currently allowed"))
        }
        guard ssh_get_serverbanner(session) != nil else {
            return error(.unreachable, localized("no SSH server answers at \(place)"))
        }
        // It has sent its banner. A server that supports none of our algorithms hangs up as soon as it has our list;
        // its own list may then be lost, and with it libssh's message about it.
        return node.legacySSH
            ? error(
                .closed,
                localized("the SSH server at \(place) closed the connection before an algorithm was negotiated"))
            : error(
                .noCommonSSHAlgorithm,
                localized(
                    "the SSH server at \(place) closed the connection before an algorithm was negotiated, as old ones do; so can someone on the network between"
                ))
    }

    /// libssh's message.
    private struct Reason: Error, CustomStringConvertible { let description: String }

    deinit {
        if let channel {
            _ = ssh_channel_close(channel)
            ssh_channel_free(channel)
        }
        ssh_disconnect(session)
        ssh_free(session)
    }

    /// The SHA-256 of the server's host key: `SHA256:` and base64 without padding.
    func hostKeyFingerprint() throws(ClusterError) -> String {
        var key: OpaquePointer?
        guard ssh_get_server_publickey(session, &key) == SSH_OK, let key else {
            throw failure(localized("read the SSH host key"))
        }
        defer { ssh_key_free(key) }
        var hash: UnsafeMutablePointer<UInt8>?
        var length = 0
        guard ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) == SSH_OK else {
            throw failure(localized("read the SSH host key"))
        }
        defer { ssh_clean_pubkey_hash(&hash) }
        guard let text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length) else {
            throw failure(localized("read the SSH host key"))
        }
        defer { ssh_string_free_char(text) }
        return String(cString: text)
    }

    /// Logs in, with one attempt at the password.
    func authenticate(_ password: Secret, until deadline: ContinuousClock.Instant) throws(ClusterError) {
        var result = try complete(localized("log in"), until: deadline) { ssh_userauth_none(session, nil) }
        guard result != SSH_AUTH_SUCCESS.rawValue else { return }
        let methods = ssh_userauth_list(session, nil)
        // Interactive first, as OpenSSH's client does: newer releases are reported to refuse the other method even where
        // they offer it. A refused password is not tried with the other method.
        if methods & Int32(SSH_AUTH_METHOD_INTERACTIVE) != 0 {
            result = try answerPrompts(password, until: deadline)
        } else if methods & Int32(SSH_AUTH_METHOD_PASSWORD) != 0 {
            result = try password.withCString { text -> Result<Int32, ClusterError> in
                Result { () throws(ClusterError) in
                    try complete(localized("log in"), until: deadline) { ssh_userauth_password(session, nil, text) }
                }
            }.get()
        } else {
            throw ClusterError(
                .refused, operation: localized("log in to the command line"), node: node.name,
                message: localized("the SSH server accepts neither password nor keyboard-interactive authentication"))
        }
        guard result == SSH_AUTH_SUCCESS.rawValue else {
            guard result == SSH_AUTH_DENIED.rawValue || result == SSH_AUTH_PARTIAL.rawValue else {
                throw failure(localized("log in to the command line"))
            }
            throw ClusterError(
                .loginRefused, operation: localized("log in to the command line"), node: node.name,
                message: localized("the user name or password of \(user) was refused"), account: .platform)
        }
    }

    private func answerPrompts(
        _ password: Secret, until deadline: ContinuousClock.Instant
    ) throws(ClusterError) -> Int32 {
        var answered = false
        // What it said since the password was sent: why it asks for more may come in a round without a prompt.
        var said = ""
        // A server may ask in several rounds, the last ones without a prompt.
        for _ in 0..<8 {
            let result = try complete(localized("log in"), until: deadline) { ssh_userauth_kbdint(session, nil, nil) }
            guard result == SSH_AUTH_INFO.rawValue else { return result }
            let prompts = ssh_userauth_kbdint_getnprompts(session)
            var echo: CChar = 0
            let prompt =
                prompts > 0 ? ssh_userauth_kbdint_getprompt(session, 0, &echo).map { String(cString: $0) } ?? "" : ""
            if answered {
                said +=
                    [ssh_userauth_kbdint_getname(session), ssh_userauth_kbdint_getinstruction(session)]
                    .map { $0.map { String(cString: $0) + "\n" } ?? "" }.joined() + prompt
            }
            guard prompts > 0 else { continue }
            if ExpiredPassword.isSaid(in: said) {
                throw ExpiredPassword.error(
                    localized("log in to the command line"), node: node.name, user: user, found: said)
            }
            // One hidden prompt is for the password; anything else (a code, for example) is not ours to guess.
            guard prompts == 1, echo == 0, !answered else {
                throw ClusterError(
                    .unexpectedQuestion, operation: localized("log in to the command line"), node: node.name,
                    message: localized("the SSH server asks for more than the password"), found: prompt)
            }
            answered = true
            _ = password.withCString { ssh_userauth_kbdint_setanswer(session, 0, $0) }
        }
        return SSH_AUTH_ERROR.rawValue
    }

    /// Opens a terminal with a shell. It is wide, so that no line wraps.
    mutating func openShell(until deadline: ContinuousClock.Instant) throws(ClusterError) {
        guard let channel = ssh_channel_new(session) else { throw failure(localized("open a shell")) }
        self.channel = channel
        let opened = try complete(localized("open a shell"), until: deadline) { ssh_channel_open_session(channel) }
        guard opened == SSH_OK else { throw failure(localized("open a shell")) }
        let terminal = try complete(localized("open a terminal"), until: deadline) {
            ssh_channel_request_pty_size(channel, "vt100", 500, 24)
        }
        guard terminal == SSH_OK else { throw failure(localized("open a terminal")) }
        let shell = try complete(localized("open a shell"), until: deadline) { ssh_channel_request_shell(channel) }
        guard shell == SSH_OK else { throw failure(localized("open a shell")) }
    }

    /// Sends all bytes.
    func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws(ClusterError) {
        guard let channel else { throw closed() }
        var start = 0
        while start < bytes.count {
            let sent = bytes[start...].withUnsafeBytes {
                ssh_channel_write(channel, $0.baseAddress, UInt32(clamping: $0.count))
            }
            if sent > 0 {
                start += Int(sent)
            } else if sent == 0 || sent == SSH_AGAIN {
                guard ssh_channel_is_closed(channel) == 0 else { throw closed() }
                try wait(localized("send a command"), until: deadline)
            } else {
                throw closed()
            }
        }
        while ssh_blocking_flush(session, 50) == SSH_AGAIN {
            try wait(localized("send a command"), until: deadline)
        }
    }

    /// Receives what arrives within that many milliseconds; empty if nothing does, nil at the end of the stream.
    func receive(milliseconds: Int32) throws(ClusterError) -> [UInt8]? {
        guard let channel else { throw closed() }
        var buffer = [UInt8](repeating: 0, count: 32768)
        for isError: Int32 in [0, 1] {
            let count = ssh_channel_read_timeout(
                channel, &buffer, UInt32(buffer.count), isError, isError == 0 ? max(milliseconds, 1) : 0)
            if count > 0 { return Array(buffer[..<Int(count)]) }
            if count == SSH_ERROR { return nil }
        }
        return ssh_channel_is_eof(channel) != 0 || ssh_channel_is_closed(channel) != 0 ? nil : []
    }

    private var lastError: String {
        ssh_get_error(UnsafeMutableRawPointer(session)).map { String(cString: $0) } ?? ""
    }

    private func failure(_ operation: LocalizableText) -> ClusterError {
        ClusterError(
            .closed, operation: operation, node: node.name,
            message: localized("the SSH connection failed: \(lastError)"))
    }

    private func closed() -> ClusterError {
        ClusterError(
            .closed, operation: localized("use the command line"), node: node.name,
            message: localized("the SSH connection ended"))
    }

    /// Repeats a non-blocking call until it has a result.
    private func complete(
        _ operation: LocalizableText, until deadline: ContinuousClock.Instant, _ call: () -> Int32
    ) throws(ClusterError) -> Int32 {
        while true {
            let result = call()
            // SSH_AUTH_AGAIN is the equivalent in the calls that log in.
            guard result == SSH_AGAIN || result == SSH_AUTH_AGAIN.rawValue else { return result }
            try wait(operation, until: deadline)
        }
    }

    private func wait(_ operation: LocalizableText, until deadline: ContinuousClock.Instant) throws(ClusterError) {
        let now = ContinuousClock.now
        guard now < deadline else {
            throw ClusterError(
                .timedOut, operation: localized("\(operation) over SSH"), node: node.name,
                message: localized("\(node.address) port \(node.sshPort) did not answer in time"))
        }
        var events = Int16(POLLIN)
        if ssh_get_poll_flags(session) & Int32(SSH_WRITE_PENDING) != 0 { events |= Int16(POLLOUT) }
        var descriptor = pollfd(fd: ssh_get_fd(session), events: events, revents: 0)
        // Short, because libssh may buffer bytes that the socket no longer has.
        _ = poll(&descriptor, 1, 20)
    }
}
