import Messages
import Tokens

extension PINOptions {
    /// Logs in to a token. A person who is asked for the PIN decides after each failure whether to try once more; the program
    /// itself never does. Whether a token takes one more try is for its own history to say.
    ///
    /// - Parameter token: finds it, and has it inserted again if it was removed.
    func signer(_ token: () throws -> NamedToken) throws -> TokenSigner {
        while true {
            var found: NamedToken?
            do {
                let token = try token()
                found = token
                return try token.signer(self)
            } catch {
                guard Terminal.isInteractive, pinFile == nil, pinFd == nil, found?.uri?.pinSource == nil,
                    let question = Self.question(after: error)
                else { throw error }
                let failure = Failure(describing: error)
                Terminal.note("etoken-bridge: " + failure.what.localized)
                if let found, let tries = try? found.token.pinHistory().tries {
                    Terminal.note(localized("Token \(found.label): \(tries.text)."))
                }
                guard Terminal.confirm(question, standard: false) else { throw error }
            }
        }
    }

    /// What can be tried again; nil if nothing.
    private static func question(after error: any Error) -> LocalizableText? {
        switch error {
        case let error as TokenError:
            switch error.code {
            case .pinRefused: localized("Enter the PIN again?")
            case .tokenPulled, .tokenNotFound: localized("Insert it again, and continue?")
            default: nil
            }
        case let failure as Failure where failure.code == PINPrompt.nothingEntered:
            localized("Enter the PIN again?")
        default: nil
        }
    }
}
