import Glibc

/// Addresses and ports on loopback that nothing else uses.
public enum Loopback {
    /// A random address of 127/8: servers of parallel tests do not collide.
    public static func address() -> String {
        "127.\(Int.random(in: 1...254)).\(Int.random(in: 1...254)).\(Int.random(in: 1...254))"
    }

    /// A port that is currently free on this address, below those that Linux assigns to clients (32768 and above): none
    /// of them takes it before the server does.
    public static func port(on address: String, datagram: Bool = false) throws -> UInt16 {
        let type = datagram ? SOCK_DGRAM : SOCK_STREAM
        for _ in 0..<1000 {
            let descriptor = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { _ = close(descriptor) }
            let port = UInt16.random(in: 10_000..<32_768)
            var name = socketAddress(address, port)
            let isFree = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return port }
        }
        throw ChildProcess.Failure(description: "no free port on \(address)")
    }

    /// Waits until something listens there.
    public static func waitForListener(_ address: String, _ port: UInt16, seconds: Double = 20) throws {
        let isThere = comesTrue(within: seconds) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var name = socketAddress(address, port)
            let connected = withUnsafePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            _ = close(descriptor)
            return connected
        }
        guard isThere else { throw ChildProcess.Failure(description: "nothing listens on \(address):\(port)") }
    }

    static func socketAddress(_ address: String, _ port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        return name
    }
}
