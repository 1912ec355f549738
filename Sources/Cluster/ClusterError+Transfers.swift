import X509
import Configuration
import Markup
import Messages
import Transfers

extension ClusterError {
    /// A transfer failed.
    package init(
        _ error: TransferError, operation: LocalizableText, node: String?, allowsLegacyTLS: Bool = false,
        expected: String? = nil, found: String? = nil
    ) {
        let code: Code =
            switch error.code {
            case .invalidRequest: .configuration
            case .unreachable: .unreachable
            case .timedOut: .timedOut
            case .notTrusted: .notTrusted
            case .notFound: .notFound
            case .refused: .refused
            case .closed: .closed
            case .handshakeFailed: allowsLegacyTLS ? .unexpectedAnswer : .noCommonAlgorithm
            case .tooLarge, .protocolError: .unexpectedAnswer
            }
        let message =
            switch error.code {
            case .unreachable: localized("nothing answers at \(error.location)")
            case .timedOut: localized("\(error.location) did not answer in time")
            case .notTrusted: localized("the TLS key of \(error.location) is not the pinned one")
            case .handshakeFailed:
                allowsLegacyTLS
                    ? localized("no TLS version or cipher in common with \(error.location), not even an old one")
                    : localized("\(error.location) supports no TLS version or cipher that is currently allowed")
            case .closed: localized("\(error.location) closed the connection")
            default: localized("\(error.location): \(error.message)")
            }
        self.init(
            code, operation: operation, node: node, message: message,
            expected: error.code == .notTrusted ? expected : nil, found: found, cause: error)
    }

    /// A transfer over TLS with a node failed. If its key differs, the key is read once more so that the user can be
    /// told which one it is; nothing is sent.
    package init(
        _ error: TransferError, operation: LocalizableText, node: NodeConfiguration, port: UInt16, expected: String?
    ) {
        guard error.code == .notTrusted else {
            self.init(error, operation: operation, node: node.name, allowsLegacyTLS: node.legacyTLS)
            return
        }
        let pem = try? TLSProbe.certificate(host: node.address, port: port, legacyTLS: node.legacyTLS, timeout: 5)
        let found = pem.flatMap { try? Certificate(pem: $0) }?.publicKey.pin
        self.init(error, operation: operation, node: node.name, expected: expected, found: found)
    }

    /// A page or document cannot be read.
    package init(_ error: MarkupError, operation: LocalizableText, node: String?, found: String) {
        self.init(
            .unexpectedAnswer, operation: operation, node: node,
            message: localized("the response cannot be read: \(error)"),
            found: found, cause: error)
    }
}
