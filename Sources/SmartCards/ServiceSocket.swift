import Glibc
import Messages

/// The socket over which programs reach pcscd. libpcsclite only says that the service cannot be reached; the socket
/// tells why.
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

    private static func connect(to path: String) -> State {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failed(.verbatim(String(cString: strerror(errno)))) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return .failed(localized("the path is too long"))
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result != 0 else { return .listening }
        return switch errno {
        case ENOENT, ENOTDIR: .missing
        case ECONNREFUSED: .abandoned
        case EACCES, EPERM: .forbidden
        default: .failed(.verbatim(String(cString: strerror(errno))))
        }
    }
}
