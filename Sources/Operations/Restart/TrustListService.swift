import Cluster

/// A service that has to notice a new trust list. The order is a safe one to restart them in: what vouches for the signer,
/// what serves the file, what phones register with.
public enum TrustListService: String, Sendable, CaseIterable {
    case tvs, tftp, callmanager

    /// As CUCM calls it.
    public var name: String {
        switch self {
        case .tvs: ClusterService.trustVerification
        case .tftp: ClusterService.tftp
        case .callmanager: ClusterService.callManager
        }
    }

    /// Whether a change of the trust list restarts it.
    ///
    /// Not TVS: it looks into the trust stores and into the CTL file of its node by itself, and a change goes on only after
    /// TVS was asked and vouches for the signer. *Unconfirmed*: that it never needs a restart for this; therefore
    /// `cluster restart-services` offers it.
    public var isRestartedByChanges: Bool { self != .tvs }
}
