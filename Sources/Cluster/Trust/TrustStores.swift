import Configuration
import Messages
import X509

/// The trust stores of a cluster, by the best way that answers, or by the one that is named.
///
/// Phone-SAST-trust holds the certificates that may sign trust lists: TVS vouches for what stands in it.
public final class TrustStores: Sendable {
    /// Where TVS looks for signers of trust lists.
    public static let phoneSAST = "Phone-SAST-trust"
    /// Others that exist on every release.
    public static let known = [
        phoneSAST, "CallManager-trust", "tomcat-trust", "ipsec-trust", "CAPF-trust", "Phone-trust", "Phone-VPN-trust",
        "Phone-CTL-trust",
    ]

    /// What became of a change.
    public enum Outcome: String, Sendable {
        case uploaded, removed
        /// It was so before; nothing was changed.
        case alreadyThere = "already-there"
        case notThere = "not-there"
    }

    /// What was done, and how.
    public struct Change: Sendable {
        public let outcome: Outcome
        public let transport: TrustTransport
        /// As the store lists them: what was uploaded or found, or what was removed.
        public let certificates: [TrustedCertificate]
        /// Why better ways were not taken.
        public let passedOver: [ClusterError]
    }

    private let cluster: ClusterClient
    private let transports: [TrustTransport]

    /// - Parameter transport: nil for the best that answers: REST where the release has it, OS Administration, the
    ///   command line.
    public init(of cluster: ClusterClient, by transport: TrustTransport? = nil) {
        self.cluster = cluster
        transports = transport.map { [$0] } ?? TrustTransport.allCases
    }

    /// The certificates of a trust store, and by which way they were read.
    ///
    /// - Throws: ``ClusterError``.
    public func list(
        _ store: String
    ) throws(ClusterError) -> (certificates: [TrustedCertificate], transport: TrustTransport) {
        let (value, transport, _) = try byBestWay { (access) throws(ClusterError) in try access.list(store) }
        return (value, transport)
    }

    /// Puts a certificate into a trust store, and proves it by reading the store back.
    ///
    /// - Parameter description: stands beside the certificate where the way takes one.
    /// - Throws: ``ClusterError``; `mismatch` where the store does not list it afterwards.
    public func upload(
        _ certificate: Certificate, to store: String = phoneSAST, description: String = ""
    ) throws(ClusterError) -> Change {
        let (result, transport, passedOver) = try byBestWay {
            (access) throws(ClusterError) -> (Outcome, [TrustedCertificate]) in
            let present = try access.list(store).filter { $0.isSame(as: certificate) }
            if !present.isEmpty { return (.alreadyThere, present) }
            do throws(ClusterError) {
                try access.upload(certificate, to: store, description: description)
            } catch {
                // The answer may have been lost on its way; the store tells what became of it, over a new connection.
                guard [.closed, .timedOut, .unreachable].contains(error.code),
                    let again = try? self.access(access.transport),
                    let listed = try? again.list(store).filter({ $0.isSame(as: certificate) }), !listed.isEmpty
                else { throw error }
                return (.uploaded, listed)
            }
            let listed = try access.list(store).filter { $0.isSame(as: certificate) }
            guard !listed.isEmpty else {
                throw ClusterError(
                    .mismatch, operation: localized("upload a certificate as \(store)"),
                    node: cluster.configuration.publisher?.name,
                    message: localized("it said that all is well, and does not list the certificate afterwards"))
            }
            return (.uploaded, listed)
        }
        return Change(outcome: result.0, transport: transport, certificates: result.1, passedOver: passedOver)
    }

    /// Takes certificates out of a trust store, and proves it by reading the store back.
    ///
    /// - Parameter isWanted: which ones.
    /// - Throws: ``ClusterError``; `mismatch` where the store lists one of them afterwards.
    public func remove(
        from store: String = phoneSAST, where isWanted: (TrustedCertificate) -> Bool
    ) throws(ClusterError) -> Change {
        let (result, transport, passedOver) = try byBestWay {
            (access) throws(ClusterError) -> (Outcome, [TrustedCertificate]) in
            let present = try access.list(store).filter(isWanted)
            guard !present.isEmpty else { return (.notThere, []) }
            for certificate in present { try access.remove(certificate) }
            if let left = try access.list(store).first(where: isWanted) {
                throw ClusterError(
                    .mismatch, operation: localized("delete \(left.name) from \(store)"),
                    node: cluster.configuration.publisher?.name,
                    message: localized("it said that all is well, and lists the certificate still"))
            }
            return (.removed, present)
        }
        return Change(outcome: result.0, transport: transport, certificates: result.1, passedOver: passedOver)
    }

    // MARK: -

    /// What the next way may mend. A changed key or a refused login is not among it: those end it.
    private static let mendable: Set<ClusterError.Code> = [
        .unreachable, .timedOut, .closed, .notSupported, .noCommonAlgorithm, .refused, .unexpectedAnswer,
        .unexpectedQuestion,
    ]

    /// Does something by the first way by which it works. All that is done here can be done again by another.
    private func byBestWay<Value>(
        _ body: (any TrustStoreAccess) throws(ClusterError) -> Value
    ) throws(ClusterError) -> (Value, TrustTransport, passedOver: [ClusterError]) {
        var passedOver: [ClusterError] = []
        for transport in transports {
            do throws(ClusterError) {
                if transports.count > 1, !transport.exists(in: cluster.configuration.version) { continue }
                return (try body(try access(transport)), transport, passedOver)
            } catch {
                guard Self.mendable.contains(error.code), transport != transports.last else { throw error }
                passedOver.append(error)
            }
        }
        throw passedOver.first
            ?? ClusterError(
                .notSupported, operation: localized("use the trust stores"),
                node: cluster.configuration.publisher?.name,
                message: localized("there is no way to them"))
    }

    private func access(_ transport: TrustTransport) throws(ClusterError) -> any TrustStoreAccess {
        let publisher = try cluster.publisher()
        switch transport {
        case .rest: return RESTTrustStore(service: try cluster.certificateREST(of: publisher))
        case .web: return WebTrustStore(administration: try cluster.administration(of: publisher))
        case .ssh: return ShellTrustStore(commandLine: try cluster.commandLine(of: publisher))
        }
    }
}
