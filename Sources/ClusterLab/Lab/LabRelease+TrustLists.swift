/// How the releases differ in the trust lists that they write: by version number, because 10.5(1) and 10.5(2) differ.
///
/// Source: docs/trust-list-format.md, "Who signs, by release".
extension LabRelease {
    /// Whether this release is at least 10.5(2), for example: `isAtLeast(10, 5, 2)`.
    private func isAtLeast(_ wanted: Int...) -> Bool {
        let numbers = fullVersion.split { !$0.isNumber }.compactMap { Int($0) }
        return !numbers.lexicographicallyPrecedes(wanted)
    }

    /// A separate certificate in case CallManager's is lost: a second signer in a CTL file of the cluster's own. Whether
    /// 10.5(1) has one that is not in the file is not known.
    var hasITLRecovery: Bool { isAtLeast(10, 5, 2) }

    /// ITLRecovery signs the CTL and ITL files; before that, CallManager does.
    var signsWithITLRecovery: Bool { isAtLeast(12, 0) }

    /// What `utils ctl update CTLFile` does with certificates in Phone-SAST-trust, unless the lab's options say otherwise.
    /// Cisco's guide shows it for another cluster's servers; for tokens, and for releases before 12, nothing is known: a lab
    /// can do the opposite (`--sast-trust`).
    var usualSASTTrust: SASTTrust { isAtLeast(12, 0) ? .all : .none }
}

/// Which certificates of Phone-SAST-trust `utils ctl update CTLFile` writes into the CTL file with the role SAST.
public enum SASTTrust: String, Codable, Sendable, CaseIterable {
    case none
    /// Self-signed ones: CallManager's and ITLRecovery's of another cluster.
    case servers
    /// Those of tokens, too. *Unconfirmed*.
    case all
}
