import Cluster
import Configuration

/// A service that must pick up a new trust list. The order is safe for restarting them: what vouches for the signer,
/// what serves the file, what phones register with, what CTI clients use.
public enum TrustListService: String, Sendable, CaseIterable {
    case tvs, tftp, callmanager, ctimanager

    /// CUCM's name for it.
    public var name: String {
        switch self {
        case .tvs: ClusterService.trustVerification
        case .tftp: ClusterService.tftp
        case .callmanager: ClusterService.callManager
        case .ctimanager: ClusterService.ctiManager
        }
    }

    /// Whether a change of the trust list restarts it.
    ///
    /// Not TVS: it reads the trust stores and the CTL file of its node by itself, and a change continues only after TVS
    /// was asked and vouches for the signer. *Unconfirmed*: that it never needs a restart for this; therefore `cluster
    /// restart-services` offers it.
    ///
    /// Cisco CTIManager from 11.6 on, where `utils ctl` asks for it (docs/cluster-interfaces.md).
    ///
    /// - Parameter version: of the cluster; nil if it is not known.
    public func isRestartedByChanges(of version: ClusterVersion?) -> Bool {
        self != .tvs && isAffected(in: version)
    }

    /// Whether a new trust list matters to the service.
    ///
    /// - Parameter version: of the cluster; nil if it is not known.
    public func isAffected(in version: ClusterVersion?) -> Bool {
        self != .ctimanager || version?.asksForCTIManager ?? false
    }
}
