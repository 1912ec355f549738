import Foundation
import ServerFixtures
import Testing
import Tokens

/// Mock tokens in SoftHSM, shared by the tests of this process: SoftHSM reads its configuration once. Beside the two of
/// tools/mock-tokens there is one, ``strictLabel``, whose key wants a login for each signature.
enum MockStore {
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let strictLabel = "SAST-STRICT"
    static let labels: Set = ["SAST-ADN0054f509", "SAST-ADN008580ef", strictLabel]

    static let module: PKCS11Module = {
        let text = try! run(repository + "/tools/mock-tokens", ["--second-certificate", folder])
        let variables = text.split(separator: "\n").reduce(into: [String: String]()) { result, line in
            let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1).map(String.init)
            result[parts[0]] = parts[1]
        }
        setenv("SOFTHSM2_CONF", variables["SOFTHSM2_CONF"]!, 1)
        let path = variables["ETOKEN_BRIDGE_MODULE"]!
        _ = try! run("/bin/bash", ["-c", addStrictToken, "-", folder + "/strict", strictLabel, path])
        atexit { try? FileManager.default.removeItem(atPath: MockStore.folder) }
        return try! PKCS11Module(path: path, pins: pins)
    }()

    static let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("mock-tokens-" + UUID().uuidString).path

    /// Tokens in software have tries without end.
    static let pins = PINLedger(folder: folder + "/pins", settings: "/settings.toml") { 1000 }

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

    /// What a program prints; an error where it fails.
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        // SoftHSM's configuration: the tests' own.
        let configuration = getenv("SOFTHSM2_CONF").map { "SOFTHSM2_CONF=" + String(cString: $0) }
        return try ChildProcess.run([program] + arguments, environment: configuration.map { [$0] } ?? [])
    }
}
