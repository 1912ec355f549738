import Basics
import CCurl
import Glibc
import Messages
import Synchronization

/// A TLS connection for protocols that libcurl does not speak: bytes out, bytes in, each with a deadline.
///
/// The peer is verified while connecting, before the caller's first byte is sent.
public final class TLSStream: Sendable {
    private struct State: ~Copyable {
        var handle: CurlHandle
        var socket: Int32
    }

    private let state: Mutex<State?>
    private let location: LocalizableText

    /// Connects.
    ///
    /// - Parameter timeout: seconds for connection and handshake.
    /// - Throws: `unreachable`, `timedOut`, `notTrusted`, `handshakeFailed`.
    public init(host: String, port: UInt16, tls: TLSOptions, timeout: Double = 15) throws(TransferError) {
        let operation = localized("TLS connect")
        let handle = CurlHandle()
        location = try handle.prepareConnection(to: host, port: port, timeout: timeout, operation: operation)
        try handle.apply(tls, operation: operation, location: location)
        try handle.perform(operation: operation, location: location, into: Receiver(limit: 0))
        var socket: curl_socket_t = -1
        guard etb_curl_getinfo_socket(handle.pointer, &socket) == CURLE_OK, socket >= 0 else {
            throw TransferError(
                code: .protocolError, operation: operation, location: location,
                message: localized("libcurl provides no socket"))
        }
        state = Mutex(State(handle: handle, socket: socket))
    }

    /// Sends all bytes.
    ///
    /// - Parameter timeout: seconds.
    public func send(_ bytes: [UInt8], timeout: Double = 15) throws(TransferError) {
        try exchange(localized("TLS send"), timeout: timeout) { (handle, wait) throws(TransferError) in
            var start = 0
            while start < bytes.count {
                var sent = 0
                let result = bytes.withUnsafeBytes { buffer in
                    curl_easy_send(handle, buffer.baseAddress! + start, buffer.count - start, &sent)
                }
                switch result {
                case CURLE_OK: start += sent
                case CURLE_AGAIN: try wait(Int16(POLLOUT))
                default: throw CurlHandle.error(result, "", operation: localized("TLS send"), location: self.location)
                }
            }
        }
    }

    /// Receives what is there, at least one byte and at most `limit`; empty if the peer has closed the connection.
    ///
    /// - Parameter timeout: seconds.
    public func receive(upTo limit: Int, timeout: Double = 15) throws(TransferError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        try exchange(localized("TLS receive"), timeout: timeout) { (handle, wait) throws(TransferError) in
            while true {
                let result = bytes.withUnsafeMutableBytes { buffer in
                    curl_easy_recv(handle, buffer.baseAddress, buffer.count, &count)
                }
                switch result {
                case CURLE_OK: return
                case CURLE_AGAIN: try wait(Int16(POLLIN))
                default:
                    throw CurlHandle.error(result, "", operation: localized("TLS receive"), location: self.location)
                }
            }
        }
        return Array(bytes.prefix(count))
    }

    /// Receives exactly `count` bytes.
    ///
    /// - Parameter timeout: seconds for all of them.
    /// - Throws: `closed` if the peer closes the connection before that.
    public func receive(exactly count: Int, timeout: Double = 15) throws(TransferError) -> [UInt8] {
        let deadline = Deadline(seconds: timeout)
        var bytes: [UInt8] = []
        while bytes.count < count {
            let rest = deadline.secondsLeft ?? 0
            let more = try receive(upTo: count - bytes.count, timeout: rest)
            guard !more.isEmpty else {
                throw TransferError(
                    code: .closed, operation: localized("TLS receive"), location: location,
                    message: localized("the peer closed the connection after \(bytes.count) of \(count) bytes"))
            }
            bytes += more
        }
        return bytes
    }

    /// Closes the connection. Further calls throw `closed`.
    public func close() {
        state.withLock { $0 = nil }
    }

    private func exchange(
        _ operation: LocalizableText, timeout: Double,
        _ body: (UnsafeMutableRawPointer, (Int16) throws(TransferError) -> Void) throws(TransferError) -> Void
    ) throws(TransferError) {
        let deadline = Deadline(seconds: timeout)
        let location = location
        // The connect timeout no longer applies, and curl_easy_send and _recv have none: the deadline here is what
        // counts.
        try state.withLock { (state) throws(TransferError) in
            guard let pointer = state?.handle.pointer, let socket = state?.socket else {
                throw TransferError(
                    code: .closed, operation: operation, location: location, message: localized("it is closed"))
            }
            try body(pointer) { (events) throws(TransferError) in
                let milliseconds = Int32(deadline.millisecondsLeft ?? 0)
                var descriptor = pollfd(fd: socket, events: events, revents: 0)
                guard milliseconds > 0, poll(&descriptor, 1, milliseconds) != 0 else {
                    throw TransferError(
                        code: .timedOut, operation: operation, location: location,
                        message: localized("no data for \(timeout) s"))
                }
            }
        }
    }
}
