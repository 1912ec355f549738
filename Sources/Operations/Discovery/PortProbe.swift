import Glibc
import Messages

/// Whether a node can be reached at all: its name, then a TCP port. Nothing is sent.
public enum PortProbe {
    /// The numeric addresses for a name or address; empty if there are none.
    public static func addresses(of name: String) -> [String] {
        resolve(name, port: 0).map(\.text)
    }

    /// Tries to connect, and closes again.
    ///
    /// - Parameter timeout: for each address, in milliseconds.
    /// - Returns: nil if something listens; otherwise why not, as the end of a sentence: "nothing is listening there".
    public static func failure(host: String, port: UInt16, timeout: Int32 = 3000) -> LocalizableText? {
        var reason: LocalizableText = localized("its name cannot be resolved")
        for address in resolve(host, port: port) {
            guard let failure = connect(address, timeout) else { return nil }
            reason = failure
        }
        return reason
    }

    private struct Address {
        let family: Int32
        let bytes: [UInt8]
        let text: String
    }

    private static func resolve(_ name: String, port: UInt16) -> [Address] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, "\(port)", &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        var next = list
        while let item = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            getnameinfo(item.ai_addr, item.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            addresses.append(
                Address(
                    family: item.ai_family,
                    bytes: Array(UnsafeRawBufferPointer(start: item.ai_addr, count: Int(item.ai_addrlen))),
                    text: String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)))
            next = item.ai_next
        }
        return addresses
    }

    private static func connect(_ address: Address, _ timeout: Int32) -> LocalizableText? {
        let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.family, flags, 0)
        guard descriptor >= 0 else { return .verbatim(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let started = address.bytes.withUnsafeBytes { bytes in
            Glibc.connect(
                descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        if started == 0 { return nil }
        guard errno == EINPROGRESS else { return sentence(errno) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, timeout) > 0 else {
            return localized("nothing answers within \(timeout / 1000) s (a firewall?)")
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : sentence(code)
    }

    private static func sentence(_ code: Int32) -> LocalizableText {
        code == ECONNREFUSED ? localized("nothing is listening there") : .verbatim(String(cString: strerror(code)))
    }
}
