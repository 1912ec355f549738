import Configuration
import Messages
import X509

/// The trust stores of a cluster, over the best interface that answers or over a given one.
///
/// Phone-SAST-trust holds the certificates that may sign trust lists: TVS vouches for its contents.
public final class TrustStores: Sendable {
    /// Where TVS looks for signers of trust lists.
    public static let phoneSAST = "Phone-SAST-trust"
    /// Others that exist on every release.
    public static let known = [
        phoneSAST, "CallManager-trust", "tomcat-trust", "ipsec-trust", "CAPF-trust", "Phone-trust", "Phone-VPN-trust",
        "Phone-CTL-trust",
    ]

    /// The outcome of a change.
    public enum Outcome: String, Sendable {
        case uploaded, removed
        /// It was already so; nothing was changed.
        case alreadyThere = "already-there"
        case notThere = "not-there"
    }

    /// What was done, and how.
    public struct Change: Sendable {
        public let outcome: Outcome
        public let transport: TrustTransport
        /// As listed by the store: what was uploaded or found, or what was removed.
        public let certificates: [TrustedCertificate]
        /// Why better interfaces were skipped.
        public let passedOver: [ClusterError]
    }

    private let cluster: ClusterClient
    private let transports: [TrustTransport]

    /// - Parameter transport: nil for the best that answers: REST if the release has it, OS Administration, the command
    ///   line.
    public init(of cluster: ClusterClient, by transport: TrustTransport? = nil) {
        self.cluster = cluster
        transports = transport.map { [$0] } ?? TrustTransport.allCases
    }

    /// The certificates of a trust store, and the interface over which they were read.
    ///
    /// - Throws: ``ClusterError``.
    public func list(
        _ store: String
    ) throws(ClusterError) -> (certificates: [TrustedCertificate], transport: TrustTransport) {
        let (value, transport, _) = try byBestWay { (access) throws(ClusterError) in try access.list(store) }
        return (value, transport)
    }

    /// Uploads a certificate to a trust store, and verifies it by reading the store back.
    ///
    /// - Parameter description: stored with the certificate if the interface supports it.
    /// - Throws: ``ClusterError``; `mismatch` if the store does not list it afterwards.
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
                // The response may have been lost; the store shows what happened, over a new connection.
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
                    message: localized("it reported success, but does not list the certificate afterwards"))
            }
            return (.uploaded, listed)
        }
        return Change(outcome: result.0, transport: transport, certificates: result.1, passedOver: passedOver)
    }

    /// Removes certificates from a trust store, and verifies it by reading the store back.
    ///
    /// - Parameter isWanted: which ones.
    /// - Throws: ``ClusterError``; `mismatch` if the store lists one of them afterwards.
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
                    message: localized("it reported success, but still lists the certificate"))
            }
            return (.removed, present)
        }
        return Change(outcome: result.0, transport: transport, certificates: result.1, passedOver: passedOver)
    }

    // MARK: -

    /// Failures for which the next interface is tried. A changed key or a refused login is not among them: those are
    /// final.
    private static let mendable: Set<ClusterError.Code> = [
        .unreachable, .timedOut, .closed, .notSupported, .noCommonAlgorithm, .refused, .unexpectedAnswer,
        .unexpectedQuestion,
    ]

    /// Does something over the first interface that works. Everything done here can be repeated over another.
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
                message: localized("they cannot be reached"))
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
