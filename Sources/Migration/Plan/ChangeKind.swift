import Messages

/// What a change makes of a cluster's trust list.
///
/// Source: docs/operator-guide.md; Cisco technotes 118893 and 118892.
public enum ChangeKind: String, Codable, Sendable, CaseIterable {
    /// Hardware eTokens sign again.
    case toEtoken = "to-etoken"
    /// The cluster signs itself: `utils ctl update CTLFile`.
    case toTokenless = "to-tokenless"
    /// Server certificates in the file are replaced by the current ones; the signer stays.
    case updateCertificates = "update-certificates"
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
        case .setMixedMode: localized("The cluster switches to mixed mode")
        case .setNonSecureMode: localized("The cluster switches to non-secure mode")
        }
    }
}
