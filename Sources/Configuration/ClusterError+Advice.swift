import Messages

extension ClusterError {
    /// What the user can do about it, one sentence; nil where the message says it.
    public var next: LocalizableText? {
        let place = node ?? "CUCM"
        let file = ConfigurationFile.defaultPath
        switch code {
        case .configuration: return localized("Correct \(file), and run the command again.")
        case .file: return localized("Check the path and its permissions.")
        case .unreachable, .timedOut, .closed:
            return localized(
                "Check that \(place) is up and that its port can be reached from here, then run the command again.")
        case .notTrusted:
            return localized(
                "Find out why the key of \(place) changed. If the change was meant, enter the new key in \(file).")
        case .noCommonAlgorithm:
            // Of SSH, the cause is libssh's own words.
            return cause is any UserError
                ? localized(
                    "For a release before 10.5, set legacy_tls = true for \(place) in \(file), or add the cluster again with --legacy-tls --force."
                )
                : localized(
                    "For a release before 10, set legacy_ssh = true for \(place) in \(file), or add the cluster again with --legacy-ssh --force."
                )
        case .loginRefused:
            return account.map {
                localized(
                    "Check user and password of the \($0.rawValue) account in \(file); nothing was tried a second time."
                )
            } ?? localized("Check user and password in \(file); nothing was tried a second time.")
        case .busy, .tooManyLogins: return localized("Wait some minutes, then run the command again.")
        case .refused: return localized("Correct what \(place) reports, and run the command again.")
        case .notFound, .interrupted: return nil
        case .notSupported: return localized("This release or node does not offer it; see docs/operator-guide.md.")
        case .unexpectedQuestion, .unexpectedAnswer:
            return localized(
                "Please report this with the text above, without host names: the answer of this release is not known.")
        case .mismatch: return localized("Restart Cisco Tftp on \(place), and run the command again.")
        }
    }
}
