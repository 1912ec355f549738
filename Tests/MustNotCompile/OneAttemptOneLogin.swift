import Secrets

@testable import Tokens

// An attempt is good for one login.
func login(to token: Token, _ pin: Secret) throws {
    let session = try Session(token)
    let attempt = try token.pinHistory().attempt()  // expected-error {{'attempt' consumed more than once}}
    try session.login(pin, for: .user, attempt)  // expected-note {{consumed here}}
    try session.login(pin, for: .user, attempt)  // expected-note {{consumed again here}}
}
