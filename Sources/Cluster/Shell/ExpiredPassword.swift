import Configuration
import Messages

/// A platform account whose password has expired, or has to be changed at the first login: the node asks for a new one, in
/// keyboard-interactive or in the shell. Nothing is answered.
///
/// *Unconfirmed* on CUCM: these are the words of OpenSSH, PAM and passwd on Linux, on which its command line runs. That
/// OS Administration's login page uses them as well is *unconfirmed*, too (docs/proven.md).
enum ExpiredPassword {
    private static let words = [
        "password has expired", "password expired", "password is expired", "required to change your password",
        "must change your password", "changing password for", "current) unix password", "current password:",
        "new password:", "new unix password:",
    ]

    /// Whether a node says so.
    ///
    /// - Parameter text: what it says besides a prompt for the current password; a warning that a password *will* expire
    ///   does not count.
    static func isSaid(in text: String) -> Bool {
        let plain = text.lowercased()
        return words.contains(where: plain.contains)
    }

    static func error(
        _ operation: LocalizableText, node: String, user: String, found: String
    ) -> ClusterError {
        ClusterError(
            .passwordExpired, operation: operation, node: node,
            message: localized(
                "the password of \(user) has expired, and the node asks for a new one, which was not answered"),
            found: found, account: .platform)
    }
}
