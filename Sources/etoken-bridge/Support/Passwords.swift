import Configuration
import Messages
import Secrets

extension CredentialProvider {
    /// The file or the command from the configuration; else a prompt on the terminal. Each is asked once.
    static let standard = CredentialProvider { (account, configuration) throws(ClusterError) in
        if configuration.passwordFile == nil, configuration.passwordCommand == nil, Terminal.isInteractive {
            do throws(SecretError) {
                return try Secret.ask(
                    localized("Password of \(configuration.user) (\(account.rawValue) account), tried once: "))
            } catch {
                throw ClusterError(
                    .configuration, operation: localized("read the password of \(configuration.user)"),
                    message: error.clause,
                    cause: error)
            }
        }
        return try passwordFiles.password(account, configuration)
    }
}
