import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing
import X509

@testable import Tokens

/// Whether a PIN stays in this process's memory after it was used.
@Suite(.waiting, .timeLimit(.minutes(10))) struct SecretMemoryTests {
    @Test func aPINIsGoneFromMemoryAfterALogin() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set(FakeModule.healthy + "certificate \(certificate)\nreturn C_Login 2 a0\n")
        let token = try #require(try fake.module().tokens().first)
        let stored = try token.certificate()
        // As long as the token takes PINs.
        let needle = MemoryNeedle(length: 15)
        #expect(try needle.count() == 0)
        do {
            let secret = needle.secret()
            // The search does find it if it is there.
            #expect(try needle.count() > 0)
            _ = secret
        }
        for login in 1...2 {
            do {
                let signer = try token.signer(for: stored) { _, _ in needle.secret() }
                _ = try? signer.sign([1, 2, 3], digest: .sha1)
                #expect(login == 1)
            } catch {
                #expect(login == 2 && !"\(error)".contains("\u{0}"))
            }
            #expect(try needle.count() == 0, "login \(login)")
        }
        #expect(fake.calls("C_Login") == 2)
    }

    /// Locking and unlocking works on whole pages: the end of one secret must not unlock another.
    @Test func aSecretHasPagesOfItsOwn() throws {
        func make() -> Secret { MemoryNeedle(length: 6).secret() }
        let kept = make()
        for _ in 0..<200 { _ = make() }
        let address = kept.withBytes { UInt(bitPattern: $0.baseAddress) }
        let flags = try #require(Self.flags(at: address))
        // Locked, and not in core files. Source: proc_pid_smaps(5), VmFlags.
        #expect(flags.contains("lo") && flags.contains("dd"), "\(flags)")
        #expect(address % UInt(sysconf(Int32(_SC_PAGESIZE))) == 0)
        let other = make()
        let second = other.withBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(address / 4096 != second / 4096)
        // The pages around it cannot be touched.
        for neighbour in [address - 1, address + 4096] {
            #expect(Self.flags(at: neighbour).map { !$0.contains("rd") && !$0.contains("wr") } ?? true)
        }
    }

    /// The flags of the mapping that contains this address.
    private static func flags(at address: UInt) -> [String]? {
        guard let bytes = TemporaryFolder.read("/proc/self/smaps") else { return nil }
        var isInside = false
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            let range = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if range.count == 2 { isInside = range[0] <= address && address < range[1] }
            if isInside, words[0] == "VmFlags:" { return words.dropFirst().map(String.init) }
        }
        return nil
    }
}

extension MemoryNeedle {
    fileprivate func secret() -> Secret {
        var bytes = bytes()
        return Secret(consuming: &bytes)
    }
}
