import Foundation
import Glibc

/// A text that is nowhere in this process's memory until it is built: only its two halves are kept.
public struct MemoryNeedle: Sendable {
    private let mask: [UInt8]
    private let masked: [UInt8]

    /// Letters and digits, which forms and URLs do not encode. A length that is a multiple of three has a base64 form of
    /// its own, wherever it is in a text.
    public init(length: Int = 24) {
        let characters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        let mask = (0..<length).map { _ in UInt8.random(in: 128...255) }
        self.mask = mask
        masked = mask.map { $0 ^ characters[Int.random(in: 0..<characters.count)] }
    }

    private init(hiding bytes: inout [UInt8]) {
        let mask = bytes.map { _ in UInt8.random(in: 128...255) }
        self.mask = mask
        masked = zip(mask, bytes).map { $0 ^ $1 }
        bytes.withUnsafeMutableBytes { explicit_bzero($0.baseAddress!, $0.count) }
    }

    /// The text itself.
    public func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(mask.count)
        for index in mask.indices { bytes.append(mask[index] ^ masked[index]) }
        return bytes
    }

    /// What to search for where the text is encoded, as in HTTP's Basic authentication.
    public func base64() -> MemoryNeedle {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var plain = bytes()
        var encoded: [UInt8] = []
        encoded.reserveCapacity(plain.count / 3 * 4)
        for start in stride(from: 0, to: plain.count, by: 3) {
            let value = Int(plain[start]) << 16 | Int(plain[start + 1]) << 8 | Int(plain[start + 2])
            for shift in [18, 12, 6, 0] { encoded.append(digits[value >> shift & 63]) }
        }
        plain.withUnsafeMutableBytes { explicit_bzero($0.baseAddress!, $0.count) }
        return MemoryNeedle(hiding: &encoded)
    }

    /// How often it occurs in the writable memory of this process.
    public func count() throws -> Int {
        let memory = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/mem"))
        defer { try? memory.close() }
        var found = 0
        guard let maps = TemporaryFolder.read("/proc/self/maps") else {
            throw ChildProcess.Failure(description: "/proc/self/maps cannot be read")
        }
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            let range = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            // What a sanitizer keeps next to the memory is not a copy of it, and takes terabytes.
            guard fields[1].hasPrefix("rw"), range.count == 2, range[1] - range[0] < 1 << 35 else { continue }
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
}
