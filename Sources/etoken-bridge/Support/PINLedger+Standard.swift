import Configuration
import Glibc
import Migration
import Tokens

extension PINLedger {
    /// In the state folder, with the user's `pin_tries`.
    static var standard: PINLedger {
        get throws { inFolder(try StateFolder.standard().path) { try ConfigurationFile.load().tokens } }
    }

    /// For commands that log in to no token, and that work without a readable configuration.
    static var toLookAt: PINLedger {
        // A folder that cannot be used contains nothing to show.
        inFolder((try? StateFolder.standard())?.path ?? "/dev/null") { (try? ConfigurationFile.load())?.tokens }
    }

    private static func inFolder(
        _ path: String, _ settings: @escaping @Sendable () throws -> TokenConfiguration?
    ) -> PINLedger {
        // What users of this machine count for each other survives a restart there (file-hierarchy(7)).
        let shared = getenv("ETOKEN_BRIDGE_SHARED").map { String(cString: $0) } ?? "/var/tmp"
        return PINLedger(
            folder: "\(path)/wrong-pins", settings: ConfigurationFile.defaultPath,
            shared: shared.hasPrefix("/") ? shared : nil
        ) { serial in
            try settings().flatMap { tokens in
                let own = tokens.pinTriesOf.first { TokenInfo.areSame(serialNumbers: $0.key, serial) }
                return own?.value ?? tokens.pinTries
            }
        }
    }
}
