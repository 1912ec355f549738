import Foundation
import Secrets
import Testing
import TrustList

@testable import Tokens

/// On a real token, which has to be named by its serial number: ETOKEN_BRIDGE_HARDWARE_SERIAL, and where the search does
/// not find its module, ETOKEN_BRIDGE_HARDWARE_MODULE. It is logged in to only where ETOKEN_BRIDGE_HARDWARE_PIN_FILE
/// names a file with its PIN, once, and its PIN is never changed.
@Suite(.enabled(if: HardwareTests.serial != nil, "no real token is named"), .serialized) struct HardwareTests {
    private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
    fileprivate static var serial: String? { variable("ETOKEN_BRIDGE_HARDWARE_SERIAL") }
    private static var pinFile: String? { variable("ETOKEN_BRIDGE_HARDWARE_PIN_FILE") }

    private func token() throws -> Token {
        let modules = Self.variable("ETOKEN_BRIDGE_HARDWARE_MODULE").map { [$0] } ?? []
        return try TokenFinder(modules: modules).token(named: "pkcs11:serial=\(Self.serial ?? "")")
    }

    @Test func itsCertificatesAreRead() throws {
        let token = try token()
        let contents = try token.contents()
        #expect(!contents.certificates.isEmpty && contents.unreadable.isEmpty)
        #expect(try !token.signingMechanisms().isEmpty)
    }

    @Test(.enabled(if: HardwareTests.pinFile != nil, "no PIN file is named"))
    func itSigns() throws {
        let token = try token()
        // One login, and only where no wrong PIN was given before.
        try #require(token.info.pin == .ready)
        let stored = try token.certificate()
        let signer = try token.signer(for: stored) { _ in try Secret.read(file: Self.pinFile ?? "") }
        let message = [UInt8](repeating: 0x2a, count: 5000)
        for digest in DigestAlgorithm.allCases {
            let signature = try signer.sign(message, digest: digest)
            #expect(try stored.certificate.publicKey.isValid(signature: signature, message: message, digest: digest))
        }
    }
}
