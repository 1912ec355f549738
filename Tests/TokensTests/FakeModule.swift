import Foundation
import Secrets
import ServerFixtures

@testable import Tokens

/// A PKCS#11 module that follows rules (fake-module.c). Each is a separate library with its own calls.
final class FakeModule: Sendable {
    private let folder = TemporaryFolder()

    var path: String { folder.file("fake.so") }

    /// One token with everything that signing needs.
    static let healthy = """
        token SAST-FAKE 12345678 \(String(initialized, radix: 16))
        mechanism 6 2800
        mechanism 1 2800

        """

    /// CKF_LOGIN_REQUIRED and CKF_USER_PIN_INITIALIZED.
    static let initialized = 0xc

    private static let compiled: Result<(TemporaryFolder, String), any Error> = Result {
        let folder = TemporaryFolder.untilExit()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("fake-module.c").path
        let library = folder.file("fake.so")
        try ChildProcess.run(["cc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"])
        return (folder, library)
    }

    init(_ rules: String = healthy) throws {
        let (_, library) = try Self.compiled.get()
        try FileManager.default.copyItem(atPath: library, toPath: path)
        set(rules)
    }

    var rules: String { folder.text("fake.so.rules") }

    func set(_ rules: String) { folder.write("fake.so.rules", rules) }

    /// - Parameter tries: how many wrong PINs lock its token, according to the user.
    func module(patience: Int = 5, tries: Int? = 1000) throws -> PKCS11Module {
        try PKCS11Module(path: path, pins: pins(tries: tries), patience: patience)
    }

    /// What is remembered about its token's PIN, in a separate folder.
    func pins(tries: Int? = 1000) -> PINLedger {
        PINLedger(folder: folder.file("pins"), settings: "/settings.toml") { _ in tries }.separate(folder.path)
    }

    /// How often a function was called.
    func calls(_ name: String) -> Int { folder.text("fake.so.log").split(separator: "\n").count { $0 == name } }

    /// How many threads have called it.
    var threads: Int { Set(folder.text("fake.so.threads").split(separator: "\n")).count }

    /// A certificate with an RSA key of 1024 bits, as DER; its id is 01.
    func makeCertificate(_ name: String = "certificate.der") throws -> String {
        try ChildProcess.run([
            "openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", folder.file("key.pem"), "-out",
            folder.file(name), "-outform", "DER", "-subj", "/CN=SAST-FAKE", "-days", "30",
        ])
        return folder.file(name)
    }

    func write(_ name: String, _ bytes: [UInt8]) -> String { folder.write(name, bytes) }
}

extension TokenFinder {
    func token(named name: String) throws -> Token { try token(named: TokenName(name)) }
}

/// A secret for a test.
func secret(_ text: String) -> Secret {
    var bytes = Array(text.utf8)
    return Secret(consuming: &bytes)
}

extension PINLedger {
    /// With locks of its own: tokens of different tests have the same serial number.
    func separate(_ name: String) -> PINLedger {
        var copy = self
        copy.machine = name
        return copy
    }
}
