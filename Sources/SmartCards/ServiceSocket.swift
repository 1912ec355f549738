import Glibc
import Messages

/// The socket over which programs reach pcscd. libpcsclite only says that the service cannot be reached; the socket
/// shows why.
public struct ServiceSocket: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        /// A service listens.
        case listening
        /// There is no socket: pcscd has not been started.
        case missing
        /// There is a socket, but nothing listens: pcscd ended without removing it.
        case abandoned
        /// This user may not open it.
        case forbidden
        /// Something else; the system's error message.
        case failed(LocalizableText)
    }

    public let path: String
    public let state: State

    /// Checks the socket that libpcsclite uses: `PCSCLITE_CSOCK_NAME`, or pcscd's default.
    public init() {
        path = getenv("PCSCLITE_CSOCK_NAME").map { String(cString: $0) } ?? "/run/pcscd/pcscd.comm"
        state = Self.connect(to: path)
    }

    /// Asks the service for the version of its protocol, as libpcsclite does first; nil if nothing answers as pcscd does.
    /// A service that answers does not refuse this user: if libpcsclite cannot use it, the two are of different releases.
    /// Source: pcsc-lite's winscard_msg.h, CMD_VERSION and struct version_struct.
    public func protocolVersion(within milliseconds: Int32 = 2000) -> String? {
        guard case .success(let descriptor) = Self.connected(to: path) else { return nil }
        defer { close(descriptor) }
        // Size and command, then the version 4.4 of 1.9, and room for the result.
        let question: [UInt32] = [12, 0x11, 4, 4, 0]
        let sent = question.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == 20 else { return nil }
        var answer: [UInt32] = [0, 0, 0]
        var got = 0
        while got < 12 {
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, milliseconds) > 0 else { return nil }
            let count = answer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + got, 12 - got) }
            guard count > 0 else { return nil }
            got += count
        }
        return "\(answer[0]).\(answer[1])"
    }

    private enum Connection {
        case success(Int32)
        case failure(State)
    }

    private static func connect(to path: String) -> State {
        switch connected(to: path) {
        case .success(let descriptor):
            close(descriptor)
            return .listening
        case .failure(let state): return state
        }
    }

    private static func connected(to path: String) -> Connection {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(.failed(.verbatim(String(cString: strerror(errno))))) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            close(descriptor)
            return .failure(.failed(localized("the path is too long")))
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result != 0 else { return .success(descriptor) }
        let reason = errno
        close(descriptor)
        return switch reason {
        case ENOENT, ENOTDIR: .failure(.missing)
        case ECONNREFUSED: .failure(.abandoned)
        case EACCES, EPERM: .failure(.forbidden)
        default: .failure(.failed(.verbatim(String(cString: strerror(reason)))))
        }
    }
}
