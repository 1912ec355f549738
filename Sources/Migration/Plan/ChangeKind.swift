import Configuration
import Messages

/// What a change does to a cluster's trust list.
///
/// Source: docs/operator-guide.md; Cisco technotes 118893 and 118892.
public enum ChangeKind: String, Codable, Sendable, CaseIterable {
    /// Hardware eTokens sign again.
    case toEtoken = "to-etoken"
    /// The cluster signs itself: `utils ctl update CTLFile`.
    case toTokenless = "to-tokenless"
    /// Server certificates in the file are replaced by the current ones; the signer stays.
    case updateCertificates = "update-certificates"
    /// Tokens that are lost leave the file and Phone-SAST-trust; new ones may take their place.
    case replaceToken = "replace-token"
    /// `utils ctl set-cluster mixed-mode`; with tokens, they sign the new file.
    case setMixedMode = "set-mixed-mode"
    /// `utils ctl set-cluster non-secure-mode`; with tokens, they sign the new file.
    case setNonSecureMode = "set-non-secure-mode"

    /// As text: "back to hardware eTokens".
    public var title: LocalizableText {
        switch self {
        case .toEtoken: localized("Hardware eTokens sign the trust list")
        case .toTokenless: localized("The cluster signs its trust list itself")
        case .updateCertificates: localized("The trust list gets the servers' current certificates")
        case .replaceToken: localized("A lost token leaves the trust list")
        case .setMixedMode: localized("The cluster switches to mixed mode")
        case .setNonSecureMode: localized("The cluster switches to non-secure mode")
        }
    }
}

extension ChangeKind {
    /// Checks whether a release can do this without Cisco's CTL Client, as far as its commands are needed for it: to set
    /// the mode, or to have the cluster sign. No token is needed for this check.
    ///
    /// - Parameter cluster: its name in the configuration.
    /// - Throws: ``MigrationError`` (`not-applicable`).
    public func check(_ version: ClusterVersion, of cluster: String) throws {
        guard !version.hasTokenlessTrustList else { return }
        throw MigrationError(
            .notApplicable,
            localized(
                "Cluster \(cluster) runs \(version), which has no utils ctl command: only 10.0 and later can sign their own trust list or set the mode from the command line."
            ),
            next: setsMode
                ? localized(
                    "Set the mode with Cisco's CTL Client, whose protocol is not public. Everything else is done here: once the cluster is in mixed mode, etoken-bridge migrate to-etoken --cluster \(word: cluster)"
                ) : localized("Use tokens: etoken-bridge migrate to-etoken --cluster \(word: cluster)"))
    }

    /// Whether it needs `utils ctl`, with or without tokens.
    public var setsMode: Bool { self == .setMixedMode || self == .setNonSecureMode }
}
