import Foundation
import Secrets
import Testing

@testable import Tokens

/// Whether a PIN stays in this process's memory after it was used.
@Suite struct SecretMemoryTests {
    /// A text that stands nowhere in memory until it is made: it is put together from two halves each time.
    private struct Needle {
        let mask: [UInt8]
        let masked: [UInt8]

        init() {
            mask = (0..<24).map { _ in UInt8.random(in: 128...255) }
            masked = mask.map { $0 ^ UInt8.random(in: 0x21...0x7e) }
        }

        /// How often it stands in the writable memory of this process.
        func count() throws -> Int {
            let memory = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/mem"))
            defer { try? memory.close() }
            var found = 0
            for line in try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n") {
                let fields = line.split(separator: " ")
                let range = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
                guard fields[1].hasPrefix("rw"), range.count == 2, range[1] - range[0] < 1 << 30 else { continue }
                try memory.seek(toOffset: range[0])
                guard let data = try? memory.read(upToCount: Int(range[1] - range[0])) else { continue }
                found += data.withUnsafeBytes { bytes in
                    var hits = 0
                    guard bytes.count >= mask.count else { return 0 }
                    for start in 0...(bytes.count - mask.count) where bytes[start] ^ mask[0] == masked[0] {
                        if (1..<mask.count).allSatisfy({ bytes[start + $0] ^ mask[$0] == masked[$0] }) { hits += 1 }
                    }
                    return hits
                }
            }
            return found
        }

        func secret() -> Secret {
            var bytes = zip(mask, masked).map { $0 ^ $1 }
            return Secret(consuming: &bytes)
        }
    }

    @Test func aPINIsGoneFromMemoryAfterALogin() throws {
        let fake = try FakeModule()
        let certificate = try fake.makeCertificate()
        fake.set(FakeModule.healthy + "certificate \(certificate)\nreturn C_Login 2 a0\n")
        let token = try #require(try fake.module().tokens().first)
        let stored = try token.certificate()
        let needle = Needle()
        #expect(try needle.count() == 0)
        do {
            let secret = needle.secret()
            // The search does find it where it is.
            #expect(try needle.count() > 0)
            _ = secret
        }
        for login in 1...2 {
            do {
                let signer = try token.signer(for: stored) { _ in needle.secret() }
                _ = try? signer.sign([1, 2, 3], digest: .sha1)
                #expect(login == 1)
            } catch {
                #expect(login == 2 && !"\(error)".contains("\u{0}"))
            }
            #expect(try needle.count() == 0, "login \(login)")
        }
        #expect(fake.calls("C_Login") == 2)
    }
}
