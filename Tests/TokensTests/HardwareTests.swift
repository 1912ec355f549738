import Foundation
import Secrets
import Testing
import X509

@testable import Tokens

/// On a real token, which must be specified by its serial number: ETOKEN_BRIDGE_HARDWARE_SERIAL and, if the search does
/// not find its module, ETOKEN_BRIDGE_HARDWARE_MODULE. There is a login only if ETOKEN_BRIDGE_HARDWARE_PIN_FILE names a
/// file with its PIN, once, and its PIN is never changed.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Hardware.serial != nil, "no real token is named"), .serialized)
struct HardwareTests {
    private func token() throws -> Token {
        let modules = Hardware.module.map { [$0] } ?? []
        return try TokenFinder(modules: modules, pins: Hardware.pins).token(
            named: "pkcs11:serial=\(Hardware.serial ?? "")")
    }

    @Test func itsCertificatesAreRead() throws {
        let token = try token()
        let contents = try token.contents()
        #expect(!contents.certificates.isEmpty && contents.unreadable.isEmpty)
        #expect(try !token.signingMechanisms().isEmpty)
    }

    @Test(.enabled(if: Hardware.pinFile != nil, "no PIN file is named"))
    func itSigns() throws {
        let token = try token()
        // One login, and only if no wrong PIN was entered before.
        try #require(token.info.pin == .ready)
        let stored = try token.certificate()
        let signer = try token.signer(for: stored) { _, _ in try Secret.read(file: Hardware.pinFile ?? "") }
        let message = [UInt8](repeating: 0x2a, count: 5000)
        for digest in DigestAlgorithm.allCases {
            let signature = try signer.sign(message, digest: digest)
            #expect(try stored.certificate.publicKey.isValid(signature: signature, message: message, digest: digest))
        }
    }
}

/// The specified token.
private enum Hardware {
    static let serial = variable("SERIAL")
    static let pinFile = variable("PIN_FILE")
    static let module = variable("MODULE")
    /// Those of the program: what it knows about the token counts here, too.
    static let pins = PINLedger(
        folder: NSHomeDirectory() + "/.local/state/etoken-bridge/wrong-pins", settings: "config.toml",
        shared: "/var/tmp"
    ) { _ in nil }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["ETOKEN_BRIDGE_HARDWARE_\(name)"]
    }
}
