import Glibc

/// A socket in the file system that reads one line and answers with one, per connection.
final class ControlSocket {
    let descriptor: Int32
    private let path: String

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        unlink(path)
        // Anyone who can connect can also remove the token: this user only.
        let mask = umask(0o077)
        defer { umask(mask) }
        guard try Self.withAddress(path, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 4) == 0 else {
            throw VirtualTokenError("The control socket \(path) cannot be made: \(String(cString: strerror(errno))).")
        }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Serves one connection. Errors thrown by `answer` are answered as `error: ...`.
    func serve(_ answer: (String) throws -> String) {
        let client = accept(descriptor, nil, nil)
        guard client >= 0 else { return }
        defer { close(client) }
        // A client that sends nothing must not stop the card.
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let reply: String
        do { reply = try answer(Self.line(client)) } catch { reply = "error: \(error)" }
        Self.send(reply + "\n", to: client)
    }

    /// Sends one line to a control socket and returns the answer.
    static func ask(_ path: String, _ line: String) throws -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        guard try withAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            throw VirtualTokenError("No virtual token answers at \(path): \(String(cString: strerror(errno))).")
        }
        send(line + "\n", to: descriptor)
        let answer = Self.line(descriptor)
        guard !answer.isEmpty, !answer.hasPrefix("error: ") else {
            throw VirtualTokenError("The virtual token at \(path) refused \"\(line)\": \(answer)")
        }
        return answer
    }

    private static func line(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 4096, recv(descriptor, &byte, 1, 0) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func send(_ text: String, to descriptor: Int32) {
        var text = text
        _ = text.withUTF8 { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw VirtualTokenError("\(path) is too long for a socket.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// A running virtual token, controlled from another process.
public struct VirtualTokenRemote: Sendable {
    private let path: String

    /// - Parameter control: the path of its control socket.
    public init(control: String) { path = control }

    /// Sends an order (``Order``) and returns the answer.
    ///
    /// - Throws: ``VirtualTokenError`` if no token answers or it refuses.
    @discardableResult
    public func tell(_ line: String) throws -> String { try ControlSocket.ask(path, line) }
}
