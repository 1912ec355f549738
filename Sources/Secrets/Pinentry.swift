import Basics
import Glibc
import Messages

/// Asks for a secret with a pinentry program, as GnuPG does: a separate window or screen that other programs cannot
/// read. Source: the Assuan protocol ("Client requests", "Server responses") and pinentry's own manual ("Protocol").
public enum Pinentry {
    /// Asks once.
    ///
    /// - Parameters:
    ///   - program: the path of a pinentry, or a name in the search path.
    ///   - description: the window's text, in lines.
    ///   - prompt: the label of the field.
    /// - Throws: ``SecretError`` if the program cannot be used, or the user cancelled.
    public static func ask(_ program: String, description: LocalizableText, prompt: LocalizableText) throws(SecretError)
        -> Secret
    {
        let conversation = try Conversation(program)
        try conversation.expectOK()
        // A pinentry on the terminal must be told which one.
        if let terminal = ttyname(STDERR_FILENO).map({ String(cString: $0) }) {
            try conversation.tell("OPTION ttyname=\(terminal)")
        }
        if let kind = getenv("TERM").map({ String(cString: $0) }) {
            try conversation.tell("OPTION ttytype=\(kind)")
        }
        try conversation.tell("SETTITLE etoken-bridge")
        try conversation.tell("SETDESC " + Percent.encode(description.localized.visibleLines.utf8, keeping: isPlain))
        try conversation.tell("SETPROMPT " + Percent.encode(prompt.localized.visible.utf8, keeping: isPlain))
        return try conversation.secret()
    }

    /// Characters that need no escaping in a line.
    private static func isPlain(_ byte: UInt8) -> Bool { !"%\n\r".utf8.contains(byte) }

    /// A running pinentry, ended with this object.
    private final class Conversation {
        private let program: String
        private let socket: Int32
        /// Bytes of a secret; no token accepts more than 255.
        private static let longest = 4096
        private let process: Subprocess

        init(_ program: String) throws(SecretError) {
            self.program = program
            var pair: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
                throw Self.failure(of: program, .verbatim(String(cString: strerror(errno))))
            }
            defer { close(pair[1]) }
            do throws(SystemError) {
                process = try Subprocess([program], input: .descriptor(pair[1]), output: .descriptor(pair[1]))
            } catch {
                close(pair[0])
                throw Self.failure(of: program, .verbatim(error.description))
            }
            socket = pair[0]
        }

        deinit {
            send("BYE")
            close(socket)
            process.wait()
        }

        func expectOK() throws(SecretError) { _ = try answer() }

        func tell(_ line: String) throws(SecretError) {
            send(line)
            try expectOK()
        }

        func secret() throws(SecretError) -> Secret {
            send("GETPIN")
            guard let secret = try answer(), secret.count > 0 else {
                throw Self.failure(of: program, localized("nothing was entered"))
            }
            return secret
        }

        private static func failure(of program: String, _ reason: LocalizableText) -> SecretError {
            SecretError(source: .verbatim(program), reason: reason, isAsked: true)
        }

        private func send(_ line: String) {
            let bytes = Array((line + "\n").utf8)
            _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }

        /// The data of a response, up to its OK.
        private func answer() throws(SecretError) -> Secret? {
            // A long response comes in several lines.
            var data: [UInt8]?
            defer {
                var rest = data ?? []
                data = nil
                Secret.wipe(&rest)
            }
            while true {
                // An Assuan line has at most 1000 bytes.
                var line = [UInt8](repeating: 0, count: 1024)
                defer { Secret.wipe(&line) }
                var count = 0
                while count < line.count {
                    let got = line.withUnsafeMutableBytes { read(socket, $0.baseAddress! + count, 1) }
                    if got < 0, errno == EINTR { continue }
                    guard got == 1 else {
                        throw Self.failure(of: program, localized("it ended without an answer"))
                    }
                    if line[count] == UInt8(ascii: "\n") { break }
                    count += 1
                }
                // Some end their lines as on Windows; a return that belongs to a secret is written %0D.
                let text = line[..<count].last == UInt8(ascii: "\r") ? line[..<(count - 1)] : line[..<count]
                if text.starts(with: "D ".utf8) {
                    var plain = Percent.decode(text.dropFirst(2))
                    defer { Secret.wipe(&plain) }
                    if data == nil {
                        data = []
                        // Once, so that no copy is left behind.
                        data?.reserveCapacity(Self.longest)
                    }
                    guard (data?.count ?? 0) + plain.count <= Self.longest else {
                        throw Self.failure(of: program, localized("its answer is too long"))
                    }
                    data? += plain
                } else if text.starts(with: "OK".utf8) {
                    guard var bytes = data else { return nil }
                    data = nil
                    return Secret(consuming: &bytes)
                } else if text.starts(with: "ERR".utf8) {
                    // Never the text of a line that could contain a secret; an ERR line does not.
                    let reason = String(decoding: text.dropFirst(3).drop { $0 == 0x20 }, as: UTF8.self)
                    throw Self.failure(of: program, localized("it says: \(reason)"))
                }
                // Status lines and comments do not matter.
            }
        }
    }
}
