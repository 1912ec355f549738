import Configuration
import Messages
import Transfers

extension NodeConfiguration {
    /// Host and port in URL form.
    func authority(port: UInt16) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }

    /// Trust in the node's web server. Without a pin there is no connection.
    func tls(operation: LocalizableText) throws(ClusterError) -> TLSOptions {
        guard let tlsPin else {
            throw ClusterError(
                .configuration, operation: operation, node: name, message: localized("its TLS key is not known yet"))
        }
        return TLSOptions(trust: .pinned(publicKey: tlsPin), legacyTLS: legacyTLS)
    }
}
