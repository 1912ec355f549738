import Messages
import Secrets

/// Which kind of account an operation needs. On CUCM they are separate, with passwords of their own.
public enum Account: String, Sendable, Hashable, CaseIterable {
    /// The platform administrator: command line and OS Administration.
    case platform
    /// An application user with access to AXL and the serviceability services.
    case application
    /// An end user with whom phones are associated: phones let this user press their keys.
    case phones
}

/// Where passwords come from when an operation needs one.
public struct CredentialProvider: Sendable {
    private let provide: @Sendable (Account, AccountConfiguration) throws(ClusterError) -> Secret

    /// - Parameter provide: called once for each account and process run, at the first use.
    public init(_ provide: @escaping @Sendable (Account, AccountConfiguration) throws(ClusterError) -> Secret) {
        self.provide = provide
    }

    /// The file or the command that the configuration names.
    public static let passwordFiles = CredentialProvider { (account, configuration) throws(ClusterError) in
        if let command = configuration.passwordCommand {
            return try CredentialCommand.password(command, user: configuration.user)
        }
        return try passwordFile(account, configuration)
    }

    /// The file that the configuration names, and nothing else.
    public static func passwordFile(
        _ account: Account, _ configuration: AccountConfiguration
    ) throws(ClusterError) -> Secret {
        guard let path = configuration.passwordFile else {
            throw ClusterError(
                .configuration, operation: localized("find the password of \(configuration.user)"),
                message:
                    localized(
                        "the configuration sets neither password_file nor password_command for the \(account.rawValue) account"
                    )
            )
        }
        do throws(SecretError) {
            return try Secret.read(file: path)
        } catch {
            throw ClusterError(
                .configuration, operation: localized("read the password of \(configuration.user)"),
                message: error.clause,
                cause: error)
        }
    }

    /// Asks for a password.
    public func password(_ account: Account, _ configuration: AccountConfiguration) throws(ClusterError) -> Secret {
        try provide(account, configuration)
    }
}
