/// Stands between clients and their peers, and sees what is asked and answered; or answers in the peers' place.
///
/// A recording of a cluster is made here, so that it has what the clients read, and nothing else.
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

    /// One message over TLS, and the answer to it.
    func message(
        _ request: [UInt8], host: String, port: UInt16, _ live: () throws(TransferError) -> [UInt8]
    ) throws(TransferError) -> [UInt8]
}
