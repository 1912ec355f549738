import Configuration
import Messages
import X509

/// The trust stores of a cluster, over the best interface that answers or over a specified one.
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
        /// The store was already in that state; nothing was changed.
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

    /// Uploads a certificate to a trust store. What the store lists afterwards decides whether it worked, not what the
    /// interface says about it: neither its words of success nor those of failure are known for every release.
    ///
    /// - Parameter description: stored with the certificate if the interface supports it.
    /// - Throws: ``ClusterError``; `mismatch` if the store does not list it afterwards.
    public func upload(
        _ certificate: Certificate, to store: String = phoneSAST, description: String = ""
    ) throws(ClusterError) -> Change {
        let operation = localized("upload a certificate as \(store)")
        var isSent = false
        let (result, transport, passedOver) = try byBestWay {
            (access) throws(ClusterError) -> (Outcome, [TrustedCertificate]) in
            let present = try access.list(store).filter { $0.isSame(as: certificate) }
            // If another interface was used before this one, and could not tell.
            if !present.isEmpty { return (isSent ? .uploaded : .alreadyThere, present) }
            var (failure, words) = (nil as ClusterError?, nil as String?)
            do throws(ClusterError) {
                words = try access.upload(certificate, to: store, description: description)
            } catch {
                guard Self.undecided.contains(error.code) else { throw error }
                failure = error
            }
            isSent = true
            // After a failure the old connection may be unusable.
            let reader = failure == nil ? access : try? self.access(access.transport)
            do throws(ClusterError) {
                if let listed = try reader?.list(store).filter({ $0.isSame(as: certificate) }), !listed.isEmpty {
                    return (.uploaded, listed)
                }
            } catch {
                throw failure ?? error
            }
            if let failure { throw failure }
            throw Self.contradiction(
                operation, cluster.configuration.publisher?.name,
                localized("the store does not list the certificate afterwards"), words: words)
        }
        return Change(outcome: result.0, transport: transport, certificates: result.1, passedOver: passedOver)
    }

    /// Removes certificates from a trust store, and verifies it by reading the store back. Before 11.0 that is done on
    /// every node, because otherwise the others bring them back.
    ///
    /// - Parameter isWanted: selects those to remove.
    /// - Throws: ``ClusterError``; `mismatch` if a node lists one of them afterwards, or may still have it.
    public func remove(
        from store: String = phoneSAST, where isWanted: (TrustedCertificate) -> Bool
    ) throws(ClusterError) -> Change {
        var removed: [TrustedCertificate] = []
        let (_, transport, passedOver) = try byBestWay { (access) throws(ClusterError) -> Void in
            // Every node is connected to before the first one deletes anything: a certificate that one of them still has
            // a while later comes back on the others.
            var places = [StorePlace(node: nil, access: access, present: try access.list(store).filter(isWanted))]
            for node in try nodesWithTheirOwn() {
                do throws(ClusterError) {
                    let access = try self.access(access.transport, of: node)
                    places.append(
                        StorePlace(node: node.name, access: access, present: try access.list(store).filter(isWanted)))
                } catch {
                    throw Self.leftOn(node.name, store, error)
                }
            }
            for index in places.indices { try places[index].remove() }
            for place in places where places.contains(where: { !$0.present.isEmpty }) {
                try check(place, store, where: isWanted)
            }
            for certificate in places.flatMap(\.present) where !removed.contains(where: { $0.name == certificate.name })
            {
                removed.append(certificate)
            }
        }
        return Change(
            outcome: removed.isEmpty ? .notThere : .removed, transport: transport, certificates: removed,
            passedOver: passedOver)
    }

    /// A node's store from which certificates are deleted.
    private struct StorePlace {
        /// Nil for the publisher.
        let node: String?
        let access: any TrustStoreAccess
        /// What is to be deleted.
        let present: [TrustedCertificate]
        /// What the node said about it.
        var failure: ClusterError?
        var words: String?

        mutating func remove() throws(ClusterError) {
            for certificate in present {
                do throws(ClusterError) { words = try access.remove(certificate) } catch {
                    // Reading back decides.
                    guard error.code == .refused || error.code == .unexpectedAnswer else { throw error }
                    failure = error
                }
            }
        }
    }

    private func check(
        _ place: StorePlace, _ store: String, where isWanted: (TrustedCertificate) -> Bool
    ) throws(ClusterError) {
        guard let left = try place.access.list(store).first(where: isWanted) else { return }
        if let failure = place.failure { throw failure }
        throw Self.contradiction(
            localized("delete \(left.name) from \(store)"), place.node ?? cluster.configuration.publisher?.name,
            localized("the store still lists the certificate afterwards"), words: place.words)
    }

    /// The nodes besides the publisher on which a certificate has to be deleted separately.
    private func nodesWithTheirOwn() throws(ClusterError) -> [NodeConfiguration] {
        let others = cluster.configuration.nodes.filter { !$0.isPublisher }
        guard !others.isEmpty, try cluster.version().deletesTrustOnOneNode else { return [] }
        return others
    }

    private static func contradiction(
        _ operation: LocalizableText, _ node: String?, _ message: LocalizableText, words: String?
    ) -> ClusterError {
        var error = ClusterError(.mismatch, operation: operation, node: node, message: message, found: words)
        error.advice = localized(
            "Look at Security > Certificate Management in OS Administration of \(node ?? "CUCM"), then run the command again."
        )
        return error
    }

    private static func leftOn(_ node: String, _ store: String, _ cause: ClusterError) -> ClusterError {
        var error = ClusterError(
            .mismatch, operation: localized("delete certificates from \(store)"), node: node,
            message: localized(
                "before release 11.0 each node has to delete them, or they come back, and this one cannot be asked: \(cause.message)"
            ), cause: cause)
        error.advice = localized("When \(node) can be reached, run the command again.")
        return error
    }

    // MARK: -

    /// Failures for which the next interface is tried. A changed key or a refused login is not among them: those are
    /// final.
    private static let mendable: Set<ClusterError.Code> = [
        .unreachable, .timedOut, .closed, .notSupported, .noCommonAlgorithm, .noCommonSSHAlgorithm, .refused,
        .unexpectedAnswer, .unexpectedQuestion, .mismatch,
    ]

    /// Failures of an upload after which the certificate may have been stored.
    private static let undecided: Set<ClusterError.Code> = [
        .unreachable, .timedOut, .closed, .refused, .unexpectedAnswer,
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
                guard Self.mendable.contains(error.code), transport != transports.last else {
                    // A change that was made but cannot be seen is more important to report than a missing interface.
                    if let seen = passedOver.first(where: { $0.code == .mismatch }) { throw seen }
                    throw error
                }
                passedOver.append(error)
            }
        }
        throw passedOver.first
            ?? ClusterError(
                .notSupported, operation: localized("use the trust stores"),
                node: cluster.configuration.publisher?.name,
                message: localized("they cannot be reached"))
    }

    private func access(
        _ transport: TrustTransport, of node: NodeConfiguration? = nil
    ) throws(ClusterError) -> any TrustStoreAccess {
        let node = if let node { node } else { try cluster.publisher() }
        switch transport {
        case .rest: return RESTTrustStore(service: try cluster.certificateREST(of: node))
        case .web: return WebTrustStore(administration: try cluster.administration(of: node))
        case .ssh: return ShellTrustStore(commandLine: try cluster.commandLine(of: node))
        }
    }
}
