import Messages

extension ClusterError {
    /// What the user can do about it, one sentence; nil if the message already says it.
    public var next: LocalizableText? {
        if let advice { return advice }
        let place = node ?? "CUCM"
        let file = ConfigurationFile.defaultPath
        switch code {
        case .configuration: return localized("Correct \(file), and run the command again.")
        case .file: return localized("Check the path and its permissions.")
        case .unreachable, .timedOut, .closed:
            return localized(
                "Check that \(place) is up and that its port can be reached from here, then run the command again.")
        case .notTrusted:
            return node.map {
                localized(
                    "Find out why the key of \($0) changed. If the change was intended, compare old and new, and confirm: etoken-bridge cluster confirm-key \(word: $0)"
                )
            } ?? localized("Find out why the key changed.")
        case .noCommonAlgorithm:
            return localized(
                "Compare the release of \(place) on its console first: someone on the network between can cause this, too. If it really is before 10.5, set legacy_tls = true for \(place) in \(file); its pinned keys stay."
            )
        case .noCommonSSHAlgorithm:
            return localized(
                "Compare the release of \(place) on its console first: someone on the network between can cause this, too. If it really is 11.5 or older, set legacy_ssh = true for \(place) in \(file); its pinned keys stay."
            )
        case .loginRefused:
            return account.map {
                localized(
                    "Check the user name and password of the \($0.rawValue) account in \(file); no second attempt was made."
                )
            } ?? localized("Check the user name and password in \(file); no second attempt was made.")
        case .passwordExpired:
            return localized(
                "Log in on the console of \(place) and set a new password; then store it where \(file) says the password comes from."
            )
        case .busy, .tooManyLogins: return localized("Wait a few minutes, then run the command again.")
        case .refused: return localized("Fix what \(place) reports, and run the command again.")
        case .notFound, .interrupted: return nil
        case .notSupported: return localized("This release or node does not support it; see docs/operator-guide.md.")
        case .unexpectedQuestion, .unexpectedAnswer:
            return localized(
                "Please report this with the text above, without host names: this response is not known yet.")
        case .mismatch: return localized("Restart Cisco Tftp on \(place), and run the command again.")
        }
    }
}
