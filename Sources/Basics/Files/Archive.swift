/// A tar archive of a few files in memory (POSIX.1-1988, ustar), compressed by the system's gzip. Nothing is ever unpacked
/// to a disk: names in an archive are never used as paths.
package struct Archive: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var bytes: [UInt8]

        package init(_ name: String, _ bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }
    }

    /// Why something is not an archive, or why none can be created.
    package struct Fault: Error, Equatable {
        package enum Code: Sendable { case notAnArchive, tooLarge, noGzip }
        package let code: Code

        package init(code: Code) { self.code = code }
    }

    package var entries: [Entry]

    package init(_ entries: [Entry] = []) { self.entries = entries }

    package subscript(name: String) -> [UInt8]? { entries.first { $0.name == name }?.bytes }

    /// More than any archive of ours has, unpacked.
    package static let maximumSize = 256 << 20
    private static let block = 512

    // MARK: - tar

    /// - Parameter time: of every file, in seconds since 1970.
    package func tar(time: Int64) -> [UInt8] {
        var output: [UInt8] = []
        for entry in entries {
            output += Self.header(entry, time)
            output += entry.bytes
            output += Array(repeating: 0, count: (Self.block - entry.bytes.count % Self.block) % Self.block)
        }
        return output + Array(repeating: 0, count: 2 * Self.block)
    }

    private static func header(_ entry: Entry, _ time: Int64) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at place: Int) {
            header.replaceSubrange(place..<(place + text.utf8.count), with: text.utf8)
        }
        func octal(_ number: Int64, _ digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(String(entry.name.prefix(99)), at: 0)
        put(octal(0o600, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(Int64(entry.bytes.count), 11), at: 124)
        put(octal(max(0, time), 11), at: 136)
        put("        0", at: 148)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int64($1) }, 6) + "\0 ", at: 148)
        return header
    }

    /// - Throws: ``Fault``.
    package init(tar bytes: [UInt8]) throws(Fault) {
        entries = []
        var at = 0
        while at + Self.block <= bytes.count, bytes[at] != 0 {
            let header = Array(bytes[at..<(at + Self.block)])
            let sum = header.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(header[$1])) }
            let size = Int(Self.text(header, 124, 12), radix: 8)
            guard Self.text(header, 257, 5) == "ustar", Int(Self.text(header, 148, 8), radix: 8) == sum, let size,
                size >= 0,
                size <= bytes.count - at - Self.block
            else { throw Fault(code: .notAnArchive) }
            let start = at + Self.block
            // Only files; folders and links are of no use here.
            if header[156] == UInt8(ascii: "0") || header[156] == 0 {
                entries.append(Entry(Self.text(header, 0, 100), Array(bytes[start..<(start + size)])))
            }
            at = start + (size + Self.block - 1) / Self.block * Self.block
        }
        guard !entries.isEmpty else { throw Fault(code: .notAnArchive) }
    }

    private static func text(_ header: [UInt8], _ start: Int, _ count: Int) -> String {
        String(decoding: header[start..<(start + count)].prefix { $0 != 0 }, as: UTF8.self).trimmed
    }

    // MARK: - gzip

    /// The archive as a `.tar.gz`.
    ///
    /// - Throws: ``Fault``.
    package func compressed(time: Int64) throws(Fault) -> [UInt8] {
        guard let (output, ending) = try? Subprocess.filter(tar(time: time), through: ["gzip", "-9nc"]),
            let output, ending == .status(0)
        else { throw Fault(code: .noGzip) }
        return output
    }

    /// Reads a `.tar.gz`.
    ///
    /// - Throws: ``Fault``; `FileError` if it cannot be read.
    package init(file path: String) throws {
        let packed = try Files.read(path, limit: Self.maximumSize)
        guard packed.starts(with: [0x1F, 0x8B]) else { throw Fault(code: .notAnArchive) }
        guard
            let (bytes, ending) = try? Subprocess.filter(
                packed, through: ["gzip", "-dc"], limit: Self.maximumSize)
        else { throw Fault(code: .noGzip) }
        guard let bytes else { throw Fault(code: .tooLarge) }
        guard ending == .status(0) else { throw Fault(code: .notAnArchive) }
        try self.init(tar: bytes)
    }
}
