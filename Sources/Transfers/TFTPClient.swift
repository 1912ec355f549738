import Basics
import CCurl
import Messages

/// Reads files over TFTP (RFC 1350).
public enum TFTPClient {
    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - name: the file's name on the server, without a leading slash.
    ///   - timeout: seconds for the whole transfer. TFTP has no connection: a host without a server shows as
    ///     `timedOut`.
    ///   - maximumSize: bytes; a longer file is `tooLarge`.
    /// - Throws: `notFound` if the server says that there is no such file; `refused`, `timedOut`, `unreachable`.
    public static func read(
        _ name: String, host: String, port: UInt16 = 69, timeout: Double = 15, maximumSize: Int = 1 << 20
    ) throws(TransferError) -> [UInt8] {
        let operation = localized("TFTP read")
        let path = Percent.encode(name.utf8, keeping: { $0 == UInt8(ascii: "/") || Percent.unreserved.contains($0) })
        let location = try Location(
            "tftp://\(Location.bracketed(host)):\(port)/\(path)", operation: operation)
        let handle = CurlHandle()
        handle.prepare(timeout: timeout, usesEnvironmentProxy: false)
        handle.allow(.tftp)
        handle.acceptOnlyPeer()
        handle.set(CURLOPT_URL, location.text + ";mode=octet")
        // Without blksize and tsize (RFC 2348, 2349): every server accepts the plain request, and trust lists are
        // small.
        handle.set(CURLOPT_TFTP_NO_OPTIONS, true)
        let receiver = Receiver(limit: maximumSize)
        try handle.perform(operation: operation, location: .verbatim(location.text), into: receiver)
        return receiver.body
    }
}
