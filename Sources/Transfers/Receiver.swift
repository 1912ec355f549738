import Basics

/// Collects what libcurl hands over, up to a limit.
final class Receiver {
    let limit: Int
    private(set) var body: [UInt8] = []
    private(set) var headers: [HTTPHeader] = []
    private(set) var overflowed = false

    private static let headerLimit = 512

    init(limit: Int) { self.limit = limit }

    /// Returns the number of bytes accepted; any other number than all of them makes libcurl stop.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= limit else {
            overflowed = true
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // The next response in a chain of redirects: what came before is not the response.
            headers = []
            return bytes.count
        }
        guard let colon = line.firstIndex(of: ":") else { return bytes.count }
        guard headers.count < Self.headerLimit else {
            overflowed = true
            return 0
        }
        headers.append(
            HTTPHeader(line[..<colon].trimmed, line[line.index(after: colon)...].trimmed))
        return bytes.count
    }
}
