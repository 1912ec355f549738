import Messages
import Tokens

/// Whether each token can sign, which takes its PIN: only on request.
package struct SigningCheck: DoctorCheck {
    package let name = "signing"
    private let logIn: SigningTest.Login

    private let describe: SigningTest.Description

    /// - Parameters:
    ///   - describe: what errors mean.
    ///   - logIn: asks for a token's PIN, and tries it once.
    package init(describe: @escaping SigningTest.Description, _ logIn: @escaping SigningTest.Login) {
        (self.logIn, self.describe) = (logIn, describe)
    }

    package func findings(_ context: DoctorContext) -> [DoctorFinding] {
        context.tokens.present.map { token in
            let test = SigningTest(token, describe: describe, logIn: logIn)
            let what: LocalizableText = localized(
                "Token \(token.info.plainLabel) (serial \(token.info.serialNumber))")
            guard let failed = test.steps.last(where: { $0.result == .failed }) else {
                return DoctorFinding(
                    self, .ok, "token-signs",
                    localized("\(what): the PIN is right, and a signature over random bytes verifies."))
            }
            return DoctorFinding(
                self, .error, "token-cannot-sign",
                localized("\(what) failed its test: \(failed.text)"),
                next: [
                    test.next ?? localized("Test it alone: etoken-bridge token test \(word: token.info.serialNumber)")
                ])
        }
    }
}
