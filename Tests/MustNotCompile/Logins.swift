import Secrets
import Tokens

// Whoever looks for tokens says where wrong PINs are remembered.
func tokens() throws {
    _ = TokenFinder()  // expected-error {{missing argument for parameter 'pins'}}
    _ = TokenWatcher(modules: [])  // expected-error {{missing argument for parameter 'pins'}}
    _ = try PKCS11Module(path: "module.so")  // expected-error {{missing argument for parameter 'pins'}}
}

// Every way to log in that a token offers goes through its history; beside it there is none.
func login(to token: Token, _ pin: Secret) throws {
    _ = try token.signer(for: token.certificate()) { _, history in
        _ = history.warning
        return pin
    }
    _ = try Session(token)  // expected-error {{cannot find 'Session' in scope}}
    _ = PINAttempt()  // expected-error {{cannot find 'PINAttempt' in scope}}
    _ = try token.pinHistory().attempt()  // expected-error {{'attempt' is inaccessible due to 'internal'}}
    _ = token.module.functions  // expected-error {{'functions' is inaccessible due to 'internal'}}
}
