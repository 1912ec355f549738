import Secrets
import Tokens

// Code that searches for tokens must say where wrong PINs are remembered.
func tokens() throws {
    _ = TokenFinder()  // expected-error {{missing argument for parameter 'pins'}}
    _ = TokenWatcher(modules: [])  // expected-error {{missing argument for parameter 'pins'}}
    _ = try PKCS11Module(path: "module.so")  // expected-error {{missing argument for parameter 'pins'}}
}

// Every login of a token goes through its history; there is no other way.
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
