import Configuration
import Migration
import Tokens

extension PINLedger {
    /// In the state folder, with the user's `pin_tries`.
    static var standard: PINLedger {
        get throws { inFolder(try StateFolder.standard().path) { try ConfigurationFile.load().tokens.pinTries } }
    }

    /// For commands that log in to no token, and that work without a readable configuration.
    static var toLookAt: PINLedger {
        // A folder that cannot be used contains nothing to show.
        inFolder((try? StateFolder.standard())?.path ?? "/dev/null") {
            (try? ConfigurationFile.load())?.tokens.pinTries
        }
    }

    private static func inFolder(_ path: String, _ tries: @escaping @Sendable () throws -> Int?) -> PINLedger {
        PINLedger(
            folder: "\(path)/wrong-pins", settings: ConfigurationFile.defaultPath,
            triesThatLock: tries)
    }
}
