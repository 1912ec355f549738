import Testing

@testable import Cluster

/// What counts as the question for a new password.
@Suite(.timeLimit(.minutes(1))) struct ExpiredPasswordTests {
    @Test(arguments: [
        "You are required to change your password immediately (password expired).\nCurrent password: ",
        "You are required to change your password immediately (root enforced)\n(current) UNIX password: ",
        "WARNING: Your password has expired.\nYou must change your password now and login again!", "New password: ",
        "Changing password for administrator.", "Your password has expired",
    ])
    func thisIsOne(text: String) { #expect(ExpiredPassword.isSaid(in: text)) }

    @Test(arguments: [
        "Password: ", "administrator@cucm-pub's password:", "Warning: your password will expire in 3 days", "",
        "Enter the code of your token: ", "Last login: Mon Nov 23 17:04:05 2026 from 10.0.0.1",
    ])
    func thisIsNone(text: String) { #expect(!ExpiredPassword.isSaid(in: text)) }
}
