import Configuration
import Migration
import Tokens

extension PINLedger {
    /// In the state folder, with the user's `pin_tries`.
    static let standard = inStateFolder { try ConfigurationFile.load().tokens.pinTries }

    /// For commands that log in to no token, and that work without a readable configuration.
    static let toLookAt = inStateFolder { (try? ConfigurationFile.load())?.tokens.pinTries }

    private static func inStateFolder(_ tries: @escaping @Sendable () throws -> Int?) -> PINLedger {
        PINLedger(
            folder: "\(StateFolder.standard().path)/wrong-pins", settings: ConfigurationFile.defaultPath,
            triesThatLock: tries)
    }
}
