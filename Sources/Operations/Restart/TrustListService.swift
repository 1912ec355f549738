import Cluster

/// A service that must pick up a new trust list. The order is safe for restarting them: what vouches for the signer,
/// what serves the file, what phones register with.
public enum TrustListService: String, Sendable, CaseIterable {
    case tvs, tftp, callmanager

    /// CUCM's name for it.
    public var name: String {
        switch self {
        case .tvs: ClusterService.trustVerification
        case .tftp: ClusterService.tftp
        case .callmanager: ClusterService.callManager
        }
    }

    /// Whether a change of the trust list restarts it.
    ///
    /// Not TVS: it reads the trust stores and the CTL file of its node by itself, and a change continues only after TVS
    /// was asked and vouches for the signer. *Unconfirmed*: that it never needs a restart for this; therefore `cluster
    /// restart-services` offers it.
    public var isRestartedByChanges: Bool { self != .tvs }
}
