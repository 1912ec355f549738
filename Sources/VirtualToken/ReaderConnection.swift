import Basics
import Glibc

/// Where a virtual reader listens.
public struct ReaderAddress: Hashable, Sendable, CustomStringConvertible {
    public let port: UInt16

    /// - Parameter port: on 127.0.0.1; vpcd's first two slots are 35963 and 35964.
    public init(port: UInt16) { self.port = port }

    public var description: String { "127.0.0.1:\(port)" }
}

/// A card in a virtual reader. Messages start with a two-byte length (vsmartcard, "vpcd protocol").
final class ReaderConnection {
    let descriptor: Int32

    init(_ address: ReaderAddress) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = address.port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            throw VirtualTokenError("No virtual reader answers at \(address): \(reason).")
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// The next message, or nil if the reader is gone.
    func receive() -> [UInt8]? {
        guard let length = bytes(2) else { return nil }
        return bytes(length.bigEndian())
    }

    func send(_ message: [UInt8]) {
        let framed = [UInt8](bigEndian: UInt16(message.count)) + message
        var sent = 0
        while sent < framed.count {
            let count = framed[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // The next receive() reports that the reader is gone.
            guard count > 0 else { return }
            sent += count
        }
    }

    private func bytes(_ count: Int) -> [UInt8]? {
        var received: [UInt8] = []
        while received.count < count {
            var buffer = [UInt8](repeating: 0, count: count - received.count)
            let step = recv(descriptor, &buffer, buffer.count, 0)
            guard step > 0 else { return nil }
            received += buffer[..<step]
            // vpcd writes the length and the message separately, and waits for the acknowledgement of the first: a
            // delayed one would cost 40 ms per command. Linux forgets this setting, so it is set each time (tcp(7)).
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        return received
    }
}
