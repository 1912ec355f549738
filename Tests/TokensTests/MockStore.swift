import Foundation
import ServerFixtures
import Testing
import Tokens

/// Mock tokens in SoftHSM, shared by the tests of this process: SoftHSM reads its configuration once. Besides the two
/// of tools/mock-tokens there is one, ``strictLabel``, whose key requires a login for each signature.
enum MockStore {
    static let strictLabel = "SAST-STRICT"
    static let labels: Set = ["SAST-ADN0054f509", "SAST-ADN008580ef", strictLabel]

    static var module: PKCS11Module { get throws { try store.get().module } }
    static var folder: String { get throws { try store.get().tokens.path } }

    private static let store = Result {
        let tokens = try MockTokens(.secondCertificate, until: .exit)
        for variable in tokens.environment {
            let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
            setenv(parts[0], parts[1], 1)
        }
        _ = try run("/bin/bash", ["-c", addStrictToken, "-", tokens.path + "/strict", strictLabel, tokens.module])
        return (tokens: tokens, module: try PKCS11Module(path: tokens.module, pins: pins))
    }

    /// Software tokens have unlimited tries.
    static let pins = PINLedger(folder: TemporaryFolder.untilExit().file("pins"), settings: "/settings.toml") { _ in
        1000
    }

    private static let addStrictToken = """
        set -euo pipefail
        export MOCK_PIN=Cisco123
        mkdir "$1"
        softhsm2-util --init-token --free --label "$2" --pin "$MOCK_PIN" --so-pin "$MOCK_PIN-so"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1/key.pem" -out "$1/certificate.der" -outform DER \\
            -subj "/CN=$2" -days 30 2>/dev/null
        openssl pkcs8 -topk8 -nocrypt -in "$1/key.pem" -outform DER -out "$1/key.der"
        store() { pkcs11-tool --module "$module" --token-label "$label" --login --pin env:MOCK_PIN --id 07 "$@"; }
        label=$2 module=$3
        store --write-object "$1/key.der" --type privkey --always-auth --usage-sign
        store --write-object "$1/certificate.der" --type cert
        """

    /// What a program prints; an error if it fails.
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        // SoftHSM's configuration: the tests' own.
        let configuration = getenv("SOFTHSM2_CONF").map { "SOFTHSM2_CONF=" + String(cString: $0) }
        return try ChildProcess.run([program] + arguments, environment: configuration.map { [$0] } ?? [])
    }
}
