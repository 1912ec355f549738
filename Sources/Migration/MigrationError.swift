import Messages

/// Why a migration cannot continue, found by the migration itself.
public struct MigrationError: UserError {
    public enum Code: String, Sendable {
        /// The cluster is in non-secure mode.
        case notMixedMode = "not-mixed-mode"
        /// A node has no CTL file, or nodes have different ones.
        case inconsistentFiles = "inconsistent-files"
        /// The cluster's current CTL file cannot be read, or its signature fails.
        case presentFileInvalid = "present-file-invalid"
        /// Tokens that nobody named, or servers that the cluster does not know, would be in the new file.
        case foreignRecords = "foreign-records"
        /// A server now has a different certificate than in the file.
        case outdatedRecords = "outdated-records"
        /// Nothing proves what a change needs; only accepted if the user says so.
        case unproven
        /// What a node serves is not what it says itself.
        case contradicted
        /// The specified tokens cannot be used together.
        case unusableTokens = "unusable-tokens"
        /// The current file names no such token, or several.
        case noSuchToken = "no-such-token"
        /// What was read back is not what was written.
        case readBackDiffers = "read-back-differs"
        /// A TVS server does not vouch for a token.
        case notVouched = "not-vouched"
        /// The release does not introduce the new signer, and the change requires that.
        case notIntroduced = "not-introduced"
        /// Phones would not accept the new file.
        case phonesWouldRefuse = "phones-would-refuse"
        /// `cluster status` finds errors that must be fixed before a change.
        case clusterHasErrors = "cluster-has-errors"
        /// The user, or the system, asked the program to stop.
        case interrupted
        /// Phones did not behave as forecast.
        case phonesDiffer = "phones-differ"
        /// The change does not apply to the cluster's release or mode.
        case notApplicable = "not-applicable"
        /// The cluster has changed since the change was planned.
        case worldChanged = "world-changed"
        /// Another run is changing the cluster.
        case busy
        /// A change of this cluster was not finished; it has to be resumed or rolled back first.
        case unfinishedChange = "unfinished-change"
        /// There is no change that could be resumed or rolled back.
        case noChange = "no-change"
        /// Someone else's file is where the change would write.
        case outputExists = "output-exists"
        case planUnusable = "plan-unusable"
        /// The plan does not fix what a token signs, so it cannot be signed on another machine.
        case notSignable = "not-signable"
        case journalUnusable = "journal-unusable"
    }

    public let code: Code
    /// One sentence: names the node, file or phone, what was expected and what was found.
    public let text: LocalizableText
    /// What to do next.
    public let next: LocalizableText?

    public init(_ code: Code, _ text: LocalizableText, next: LocalizableText) {
        self.code = code
        self.text = text
        self.next = next
    }
}
