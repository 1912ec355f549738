import Secrets

@testable import Tokens

// Within Tokens, too: a login requires an attempt, and only a history creates one.
func login(to token: Token, _ pin: Secret, _ record: PINRecord, _ turn: PINTurn) throws {
    let session = try Session(token)
    try session.login(pin, for: .user, token.pinHistory().attempt())
    try session.login(pin, for: .user)  // expected-error {{missing argument for parameter #3}}
    try session.changePIN(from: pin, to: pin)  // expected-error {{missing argument for parameter #3}}
    // expected-error@+1 {{inaccessible due to 'fileprivate'}}
    _ = PINAttempt(record, turn, record.shown, toldLeft: nil, isProven: false)
}
