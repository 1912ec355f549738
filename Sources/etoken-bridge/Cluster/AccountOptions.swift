import ArgumentParser
import Configuration
import Messages

/// The accounts of a cluster: who logs in, and where the passwords come from.
struct AccountOptions: ParsableArguments {
    @Option(
        help: .localized(
            "The user of the platform account, for the command line and OS Administration.", valueName: "name")
    )
    var user: String?

    @Option(
        help: .localized("A file whose first line is the platform account's password.", valueName: "file"),
        completion: .file())
    var passwordFile: String?

    @Option(
        help: .localized(
            "A program, with its arguments, that prints the platform account's password; no shell is involved.",
            valueName: "command"))
    var passwordCommand: String?

    @Option(
        help: .localized(
            "The user of the application account, for AXL and the serviceability services.", valueName: "name"))
    var applicationUser: String?

    @Option(
        help: .localized("A file whose first line is the application account's password.", valueName: "file"),
        completion: .file())
    var applicationPasswordFile: String?

    @Option(help: .localized("A program that prints the application account's password.", valueName: "command"))
    var applicationPasswordCommand: String?

    func validate() throws {
        try Self.check(passwordFile, passwordCommand)
        try Self.check(applicationPasswordFile, applicationPasswordCommand)
    }

    static func check(_ file: String?, _ command: String?) throws {
        guard file == nil || command == nil else {
            throw ValidationError(localized("Specify a password file or a password command, not both."))
        }
    }

    /// An account as the options say. A new source of the password replaces a source of the other kind.
    ///
    /// - Parameters:
    ///   - old: what the configuration says; nil if there is no such account yet.
    ///   - option: the option with which its user is specified.
    static func account(
        _ old: AccountConfiguration?, _ user: String?, _ file: String?, _ command: String?, option: String
    ) throws -> AccountConfiguration? {
        guard user != nil || file != nil || command != nil else { return old }
        guard let name = user ?? old?.user else {
            throw Failure(
                Status.usage, localized("There is no such account yet, so it needs a user."),
                next: localized("Add \(option) NAME."))
        }
        var account = old ?? AccountConfiguration(user: name)
        account.user = name
        if let file { (account.passwordFile, account.passwordCommand) = (file, nil) }
        if let command {
            let words = command.split(separator: " ").map(String.init)
            (account.passwordFile, account.passwordCommand) = (nil, words.isEmpty ? nil : words)
        }
        return account
    }
}
