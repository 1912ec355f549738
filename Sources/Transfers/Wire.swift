/// Sits between clients and their peers, and sees requests and responses; or responds in the peers' place.
///
/// A cluster is recorded here, so that the recording has what the clients read, and nothing else.
public protocol Wire: Sendable {
    /// One request over HTTP or HTTPS, without those that its redirects lead to.
    ///
    /// - Parameter live: asks the peer.
    func http(
        _ request: HTTPRequest, _ live: () throws(TransferError) -> HTTPResponse
    ) throws(TransferError) -> HTTPResponse

    /// A file over TFTP.
    func tftp(
        _ name: String, host: String, port: UInt16, _ live: () throws(TransferError) -> [UInt8]
    ) throws(TransferError) -> [UInt8]

    /// One message over TLS, and the response to it.
    func message(
        _ request: [UInt8], host: String, port: UInt16, _ live: () throws(TransferError) -> [UInt8]
    ) throws(TransferError) -> [UInt8]
}
