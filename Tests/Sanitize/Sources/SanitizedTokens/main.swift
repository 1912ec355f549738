import Glibc
import Secrets
import Tokens
import TrustList
import X509

// Everything that the program does with a token, repeatedly: SanitizedTokens MODULE LABEL RUNS. A leak, or an access
// out of bounds, ends it with a status other than 0.

let arguments = CommandLine.arguments
let (module, label, runs) = (arguments[1], arguments[2], Int(arguments[3])!)

/// Forgotten with the process.
let pins = PINLedger(folder: "/tmp/sanitized-tokens-\(getpid())", settings: "") { _ in nil }

func secret(_ text: String) -> Secret {
    var bytes = Array(text.utf8)
    return Secret(consuming: &bytes)
}

func fails(_ work: () throws -> Void) {
    do { try work() } catch { return }
    fatalError("this should have failed")
}

func run(_ number: Int) throws {
    let finder = TokenFinder(modules: [module, "/nowhere/module.so"], pins: pins)
    let (tokens, failures) = try finder.scan()
    precondition(!tokens.isEmpty && failures.count == 1)
    for token in tokens { _ = try token.contents() }
    fails { _ = try finder.token(named: TokenName("pkcs11:token=nobody")) }
    fails { _ = try finder.token(named: TokenName("pkcs11:token=%zz")) }
    let token = try finder.token(named: TokenName("pkcs11:token=\(label)"))
    let stored = try token.certificate(matching: TokenURI("pkcs11:id=%01"))
    // One wrong PIN per run, and the right one after it: the counter is reset.
    fails { _ = try token.signer(for: stored) { _, _ in secret("wrong-\(number)") } }
    let signer = try token.signer(for: stored) { _, _ in secret("Cisco123") }
    for digest in DigestAlgorithm.allCases { _ = try signer.sign(Array(repeating: 7, count: 5000), digest: digest) }
    try token.changePIN(from: secret("Cisco123"), to: secret("Krakow-1"))
    try token.changePIN(from: secret("Krakow-1"), to: secret("Cisco123"))
}

for number in 1...runs { try run(number) }
print("\(runs) runs on \(label)")

// A thread has handed over its result before it is gone: until then libcrypto's error queue of that thread (904 bytes in
// OpenSSL 3.0) belongs to nobody that the leak check sees.
var threads = stat()
for _ in 0..<500 {
    // A folder for each thread, besides the two names that every folder has.
    guard stat("/proc/self/task", &threads) == 0, threads.st_nlink > 3 else { break }
    usleep(10_000)
}
