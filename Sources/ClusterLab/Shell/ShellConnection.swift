import CSSH
import Glibc

/// One SSH connection to a node: key exchange, login, and the command line. Runs on its own thread; whatever a client
/// sends can only end this connection.
struct ShellConnection: Sendable {
    let cluster: LabCluster
    let node: NodeRuntime

    private static let loginSeconds = 60
    private static let partingSeconds = 2
    private static let allowedAttempts = 3
    /// Cisco's default for a session without input.
    private static let idleSeconds = 1800.0

    private static let libraryReady: Bool = ssh_init() == SSH_OK

    func serve(_ connection: Int32) {
        guard Self.libraryReady, let bind = ssh_bind_new() else { return }
        defer { ssh_bind_free(bind) }
        let key = cluster.folder.keys(node.plan.name) + (node.has(.sshKey) ? "/ssh_host_key-other" : "/ssh_host_key")
        guard etb_ssh_bind_option_string(bind, SSH_BIND_OPTIONS_HOSTKEY, key) == SSH_OK, limitAlgorithms(bind),
            let session = ssh_new()
        else { return }
        defer {
            ssh_disconnect(session)
            ssh_free(session)
        }
        // libssh closes the descriptor that it is given; the listener keeps its own one to cut the connection.
        let own = fcntl(connection, F_DUPFD_CLOEXEC, 0)
        guard own >= 0, ssh_bind_accept_fd(bind, session, own) == SSH_OK else { return }
        _ = etb_ssh_option_long(session, SSH_OPTIONS_TIMEOUT, Self.loginSeconds)
        ssh_set_auth_methods(session, methods)
        guard ssh_handle_key_exchange(session) == SSH_OK, authenticate(session),
            let (channel, hasTerminal) = openShell(session)
        else { return }
        // Anything else that the client asks for (a new window size, a second channel) gets libssh's own refusal.
        ssh_set_message_callback(session, { _, _, _ in 1 }, nil)
        let terminal = Terminal(channel: channel, echoes: hasTerminal) { [node] in
            node.has(.cliIdle) ? node.faultDelay : Self.idleSeconds
        }
        if node.has(.passwordExpiredInShell) { return askForNewPassword(terminal) }
        guard CommandLine(cluster: cluster, node: node, terminal: terminal).run() == .ended else {
            Listener.cut(connection)
            return
        }
        ssh_channel_request_send_exit_status(channel, 0)
        ssh_channel_send_eof(channel)
        ssh_channel_close(channel)
        // The client closes first: if cut off, it would take its own disconnect for a broken connection.
        _ = etb_ssh_option_long(session, SSH_OPTIONS_TIMEOUT, Self.partingSeconds)
        while let message = ssh_message_get(session) {
            ssh_message_reply_default(message)
            ssh_message_free(message)
        }
    }

    /// The ways to log in. Both are offered by most releases; what 15 does is reported, not documented.
    private var methods: Int32 {
        cluster.plan.release.refusesPlainPasswords && !cluster.plan.has(.passwordOffered)
            ? Int32(SSH_AUTH_METHOD_INTERACTIVE) : Int32(SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_INTERACTIVE)
    }

    /// What OpenSSH 5.3 supports and libssh can serve: 10.5 and 11.5.
    private static let oldAlgorithms: [(option: ssh_bind_options_e, names: String)] = [
        (
            SSH_BIND_OPTIONS_KEY_EXCHANGE,
            "diffie-hellman-group-exchange-sha256,diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,"
                + "diffie-hellman-group1-sha1"
        ),
        (SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, "ssh-rsa"),
        (SSH_BIND_OPTIONS_CIPHERS_C_S, "aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,aes256-cbc,3des-cbc"),
        (SSH_BIND_OPTIONS_CIPHERS_S_C, "aes128-ctr,aes192-ctr,aes256-ctr,aes128-cbc,aes256-cbc,3des-cbc"),
        (SSH_BIND_OPTIONS_HMAC_C_S, "hmac-sha1,hmac-sha2-256"),
        (SSH_BIND_OPTIONS_HMAC_S_C, "hmac-sha1,hmac-sha2-256"),
    ]

    /// What the SSH server of 8 and 9 supports, and nothing else.
    private static let oldestAlgorithms: [(option: ssh_bind_options_e, names: String)] = [
        (SSH_BIND_OPTIONS_KEY_EXCHANGE, "diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"),
        (SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, "ssh-rsa"),
        (SSH_BIND_OPTIONS_CIPHERS_C_S, "aes128-cbc,aes256-cbc,3des-cbc"),
        (SSH_BIND_OPTIONS_CIPHERS_S_C, "aes128-cbc,aes256-cbc,3des-cbc"),
        (SSH_BIND_OPTIONS_HMAC_C_S, "hmac-sha1"),
        (SSH_BIND_OPTIONS_HMAC_S_C, "hmac-sha1"),
    ]

    private func limitAlgorithms(_ bind: ssh_bind) -> Bool {
        guard cluster.plan.release.hasOldSSH else { return true }
        let algorithms = cluster.plan.release.hasOldestSSH ? Self.oldestAlgorithms : Self.oldAlgorithms
        return algorithms.allSatisfy { option, names in
            let isTaken = etb_ssh_bind_option_string(bind, option, names) == SSH_OK
            if !isTaken { Log.note("libssh does not take \(names)") }
            return isTaken
        }
    }

    // MARK: Login

    private func authenticate(_ session: ssh_session) -> Bool {
        var attempts = 0
        // Responses to a prompt come without the user name; that was in the request.
        var askedUser = ""
        // Its right password was given, and a new one is asked for.
        var isExpired = false
        while attempts < Self.allowedAttempts {
            guard let message = ssh_message_get(session) else { return false }
            defer { ssh_message_free(message) }
            guard ssh_message_type(message) == Int32(SSH_REQUEST_AUTH.rawValue) else {
                ssh_message_reply_default(message)
                continue
            }
            switch ssh_message_subtype(message) {
            case Int32(SSH_AUTH_METHOD_PASSWORD)
            where cluster.plan.release.refusesPlainPasswords || node.has(.passwordExpired):
                refuse(message, isAttempt: false)
            case Int32(SSH_AUTH_METHOD_PASSWORD):
                attempts += 1
                if isRight(Self.user(message), etb_ssh_message_password(message)) {
                    ssh_message_auth_reply_success(message, 0)
                    return true
                }
                refuse(message)
            case Int32(SSH_AUTH_METHOD_INTERACTIVE):
                if ssh_message_auth_kbdint_is_response(message) == 0 {
                    askedUser = Self.user(message)
                    ask(message)
                    continue
                }
                attempts += 1
                let isAnswered = ssh_userauth_kbdint_getnanswers(session) == 1
                if isExpired {
                    if isAnswered { noteNewPassword() }
                    return false
                }
                if isAnswered, isRight(askedUser, ssh_userauth_kbdint_getanswer(session, 0)) {
                    if node.has(.passwordExpired) {
                        isExpired = true
                        ask(message, Self.expiry, "New password: ")
                        continue
                    }
                    ssh_message_auth_reply_success(message, 0)
                    return true
                }
                refuse(message)
            default: refuse(message, isAttempt: false)
            }
        }
        return false
    }

    private func ask(_ message: ssh_message, _ instruction: String = "", _ prompt: String = "Password: ") {
        var echo: CChar = 0
        prompt.withCString { prompt in
            var prompts: UnsafePointer<CChar>? = prompt
            withUnsafeMutablePointer(to: &prompts) { pointer in
                _ = ssh_message_auth_interactive_request(message, "", instruction, 1, pointer, &echo)
            }
        }
    }

    // MARK: An expired password

    /// The words of PAM and OpenSSH; those of CUCM are *unconfirmed* (docs/proven.md).
    private static let expiry = "You are required to change your password immediately (password expired)."

    /// As sshd does it after a login: passwd runs, and then the connection ends.
    private func askForNewPassword(_ terminal: Terminal) {
        let text = """
            WARNING: Your password has expired.
            You must change your password now and login again!
            Changing password for user \(cluster.accounts[.platform].user).
            (current) UNIX password: 
            """
        if (try? terminal.readLine(text)) != nil { noteNewPassword() }
    }

    /// A client that answers that question discloses a password, or sets one that nobody knows.
    private func noteNewPassword() { Log.note("\(node.plan.name): a new password was sent over SSH") }

    private static func user(_ message: ssh_message) -> String {
        ssh_message_auth_user(message).map { String(cString: $0) } ?? ""
    }

    private func isRight(_ user: String, _ password: UnsafePointer<CChar>?) -> Bool {
        guard let password else { return false }
        return cluster.accepts(.platform, user: user, password: Array(String(cString: password).utf8), at: node)
    }

    private func refuse(_ message: ssh_message, isAttempt: Bool = true) {
        if isAttempt { Log.note("\(node.plan.name): a wrong login over SSH") }
        ssh_message_auth_set_methods(message, methods)
        ssh_message_reply_default(message)
    }

    // MARK: The channel

    private func openShell(_ session: ssh_session) -> (ssh_channel, hasTerminal: Bool)? {
        var channel: ssh_channel?
        var hasTerminal = false
        while let message = ssh_message_get(session) {
            defer { ssh_message_free(message) }
            let kind = (ssh_message_type(message), ssh_message_subtype(message))
            switch kind {
            case (Int32(SSH_REQUEST_CHANNEL_OPEN.rawValue), Int32(SSH_CHANNEL_SESSION.rawValue)) where channel == nil:
                channel = ssh_message_channel_request_open_reply_accept(message)
            case (Int32(SSH_REQUEST_CHANNEL.rawValue), Int32(SSH_CHANNEL_REQUEST_PTY.rawValue)) where channel != nil:
                hasTerminal = true
                ssh_message_channel_request_reply_success(message)
            case (Int32(SSH_REQUEST_CHANNEL.rawValue), Int32(SSH_CHANNEL_REQUEST_ENV.rawValue)) where channel != nil:
                ssh_message_channel_request_reply_success(message)
            case (Int32(SSH_REQUEST_CHANNEL.rawValue), Int32(SSH_CHANNEL_REQUEST_SHELL.rawValue)):
                guard let channel else { return nil }
                ssh_message_channel_request_reply_success(message)
                return (channel, hasTerminal)
            default: ssh_message_reply_default(message)
            }
        }
        return nil
    }
}
