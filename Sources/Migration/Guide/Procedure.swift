import Messages

/// What can be done with a cluster's trust list: the one list that the guide on the terminal offers, and what it has to know
/// for each.
public enum Procedure: String, CaseIterable, Sendable {
    // In the order in which they are offered.
    case resume, rollback
    case toEtoken = "to-etoken"
    case toTokenless = "to-tokenless"
    case updateCertificates = "update-certificates"
    case replaceToken = "replace-token"
    case setMixedMode = "mixed"
    case setNonSecureMode = "non-secure"
    case run
    case prepareUpgrade = "prepare-upgrade"
    case prepareDowngrade = "prepare-downgrade"

    /// Something that a command line may leave out, and that is asked for on a terminal.
    public enum Need: Sendable, Equatable {
        /// Which procedure at all.
        case procedure
        case mode
        /// The lost ones of the current file.
        case lostTokens
        /// Those that take their place.
        case newTokens
        case release(example: String)
        case plan
        case tokens(TokenUse)

        /// Whether the command cannot do without it.
        public var isRequired: Bool {
            switch self {
            case .procedure, .mode, .lostTokens, .release, .plan, .tokens(.signing), .tokens(.signingAsBefore): true
            case .newTokens, .tokens(.signingIfWanted), .tokens(.introducing), .tokens(.compared): false
            }
        }
    }

    /// What tokens are for.
    public enum TokenUse: Sendable {
        /// One of them signs.
        case signing
        /// One signs if a token signed the current file.
        case signingAsBefore
        /// One signs if the user wants that.
        case signingIfWanted
        /// One of the current file introduces the cluster's own signer.
        case introducing
        /// They are compared with those of the current file.
        case compared
    }

    /// The command, without the program's name.
    public var words: [String] {
        switch self {
        case .setMixedMode, .setNonSecureMode: ["cluster", "set-mode", rawValue]
        default: ["migrate", rawValue]
        }
    }

    /// What it does, in one line.
    public var title: LocalizableText {
        switch self {
        case .resume: localized("Resume the change that was interrupted")
        case .rollback: localized("Undo a change")
        case .toEtoken: localized("Have hardware tokens sign the trust list")
        case .toTokenless: localized("Have the cluster sign its trust list itself")
        case .updateCertificates: localized("Put regenerated server certificates into the trust list")
        case .replaceToken: localized("Replace a lost token")
        case .setMixedMode: localized("Switch the cluster to mixed mode")
        case .setNonSecureMode: localized("Switch the cluster to non-secure mode")
        case .run: localized("Run a saved plan")
        case .prepareUpgrade: localized("Check before an upgrade")
        case .prepareDowngrade: localized("Check before a downgrade to a release below 10")
        }
    }

    /// In the order in which they are asked for.
    public var needs: [Need] {
        switch self {
        case .resume, .rollback: []
        case .toEtoken: [.tokens(.signing)]
        case .toTokenless: [.tokens(.introducing)]
        case .updateCertificates: [.tokens(.signingAsBefore)]
        case .replaceToken: [.lostTokens, .newTokens]
        case .setMixedMode, .setNonSecureMode: [.tokens(.signingIfWanted)]
        case .run: [.plan]
        case .prepareUpgrade: [.release(example: "14.0.1.13900-155")]
        case .prepareDowngrade: [.release(example: "9.1.2.10000-28"), .tokens(.compared)]
        }
    }

    /// Those that can be chosen: while a change is not finished, no other one starts.
    public static func offered(isUnfinished: Bool) -> [Procedure] {
        allCases.filter { procedure in
            switch procedure {
            case .resume: isUnfinished
            case .rollback, .prepareUpgrade, .prepareDowngrade: true
            default: !isUnfinished
            }
        }
    }
}
