import CLinux
import Glibc

/// Socket addresses and the few calls that the lab needs.
enum Sockets {
    enum Kind {
        case tcp
        case udp
    }

    /// A port that is currently unused on this address. It is below those that Linux assigns to clients (32768 and
    /// above): a service that is down for a while finds it free again.
    static func freePort(_ kind: Kind, on address: String) throws(LabError) -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 10_000..<32_768)
            if isFree(kind, address, port) { return port }
        }
        throw LabError(.portTaken, "no port is free on \(address)")
    }

    /// Whether this port is currently unused.
    static func isFree(_ kind: Kind, _ address: String, _ port: UInt16) -> Bool {
        guard let descriptor = try? bound(kind, address, port) else { return false }
        close(descriptor)
        return true
    }

    /// Whether a program has bound this UDP port, according to the kernel (`proc_net(5)`). Unlike `isFree`, this takes
    /// nothing, so it can be used while that program is starting.
    static func isBound(udp port: UInt16, on address: String) -> Bool {
        var number = in_addr()
        guard inet_pton(AF_INET, address, &number) == 1, let table = try? LabFiles.text("/proc/self/net/udp") else {
            return false
        }
        return table.split(separator: "\n").dropFirst().contains { line in
            // sl, then the local address as a number in host byte order and the port, in hexadecimal digits.
            let place = line.split(separator: " ").dropFirst().first?.split(separator: ":") ?? []
            return place.count == 2 && UInt32(place[0], radix: 16) == number.s_addr
                && UInt16(place[1], radix: 16) == port
        }
    }

    static func listen(_ address: String, _ port: UInt16) throws(LabError) -> Int32 {
        let descriptor = try bound(.tcp, address, port)
        guard Glibc.listen(descriptor, 128) == 0 else {
            close(descriptor)
            throw LabError(.portTaken, "cannot listen on \(address) port \(port): \(reason)")
        }
        return descriptor
    }

    /// Listens on a UNIX socket; the path must be short (107 bytes), so it is relative to the lab's folder.
    static func listen(unix path: String) throws(LabError) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw LabError(.startFailed, "no more sockets: \(reason)") }
        unlink(path)
        guard withUnix(path, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 128) == 0 else {
            let error = LabError(.startFailed, "cannot listen on \(path): \(reason)")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    static func connect(unix path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        guard withUnix(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Whether something accepts connections there.
    static func answers(_ address: String, _ port: UInt16) -> Bool {
        let descriptor = etb_socket(0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withInternet(address, port) { Glibc.connect(descriptor, $0, $1) } == 0
    }

    static func setTimeout(_ descriptor: Int32, seconds: Int) {
        var value = timeval(tv_sec: seconds, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &value, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &value, length)
    }

    /// Receives exactly `count` bytes; nil if the peer closes, or is silent for too long.
    static func receive(_ descriptor: Int32, exactly count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var start = 0
        while start < count {
            let got = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + start, count - start, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            start += got
        }
        return bytes
    }

    @discardableResult
    static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + start, $0.count - start, Int32(MSG_NOSIGNAL))
            }
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { return false }
            start += sent
        }
        return true
    }

    private static var reason: String { String(cString: strerror(errno)) }

    private static func bound(_ kind: Kind, _ address: String, _ port: UInt16) throws(LabError) -> Int32 {
        let descriptor = etb_socket(kind == .udp ? 1 : 0)
        guard descriptor >= 0 else { throw LabError(.startFailed, "no more sockets: \(reason)") }
        if kind == .tcp {
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        guard withInternet(address, port, { bind(descriptor, $0, $1) }) == 0 else {
            let error = LabError(
                .portTaken, "cannot use \(address) port \(port) (\(kind == .tcp ? "TCP" : "UDP")): \(reason)")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func withInternet(
        _ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { return -1 }
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func withUnix(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
