import Foundation
import Messages
import Secrets
import ServerFixtures
import Testing
import X509

@testable import Tokens

/// Whether a PIN stays in this process's memory after it was used.
@Suite(.waiting, .timeLimit(.minutes(10))) struct SecretMemoryTests {
    /// A text that is nowhere in memory until it is built: it is put together from two halves each time.
    private struct Needle {
        let mask: [UInt8]
        let masked: [UInt8]

        init() {
            mask = (0..<24).map { _ in UInt8.random(in: 128...255) }
            masked = mask.map { $0 ^ UInt8.random(in: 0x21...0x7e) }
        }

        /// How often it occurs in the writable memory of this process.
        func count() throws -> Int {
            let memory = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/mem"))
            defer { try? memory.close() }
            var found = 0
            let maps = try #require(TemporaryFolder.read("/proc/self/maps"))
            for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
                let fields = line.split(separator: " ")
                let range = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
                guard fields[1].hasPrefix("rw"), range.count == 2 else { continue }
                // In pieces that overlap by less than the needle: a mapping may be large, and each occurrence is found
                // once.
                var start = range[0]
                while start < range[1] {
                    let length = min(Self.piece, range[1] - start)
                    try memory.seek(toOffset: start)
                    guard let data = try? memory.read(upToCount: Int(length)) else { break }
                    found += hits(in: data)
                    start += length == range[1] - start ? length : length - UInt64(mask.count - 1)
                }
            }
            return found
        }

        private static let piece: UInt64 = 1 << 24

        private func hits(in data: Data) -> Int {
            let (first, second) = (mask[0] ^ masked[0], mask[1] ^ masked[1])
            return data.withUnsafeBytes { bytes in
                guard var at = bytes.baseAddress, bytes.count >= mask.count else { return 0 }
                let end = at + (bytes.count - mask.count + 1)
                var hits = 0
                while at < end, let found = memchr(at, Int32(first), end - at) {
                    let place = found.assumingMemoryBound(to: UInt8.self)
                    if place[1] == second, (2..<mask.count).allSatisfy({ place[$0] ^ mask[$0] == masked[$0] }) {
                        hits += 1
                    }
                    at = UnsafeRawPointer(found) + 1
                }
                return hits
            }
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
}
