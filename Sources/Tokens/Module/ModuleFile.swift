import Glibc

/// A library as a file.
public enum ModuleFile {
    /// Whether an ELF file ends before the parts that are loaded: dlopen maps them, and the first use of what is missing
    /// ends the program (SIGBUS). Only for 64-bit files in this machine's byte order; others are not loaded anyway.
    /// Source: elf(5).
    public static func isCutShort(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        var header = [UInt8](repeating: 0, count: 64)
        guard pread(descriptor, &header, header.count, 0) == header.count,
            header.starts(with: [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F"), 2, 1])
        else { return false }
        func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> UInt64 {
            bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let (start, size, count) = (number(header, 32, 8), number(header, 54, 2), number(header, 56, 2))
        guard size >= 56, start < 1 << 40 else { return false }
        for index in 0..<count {
            var entry = [UInt8](repeating: 0, count: 56)
            guard pread(descriptor, &entry, entry.count, off_t(start + index * size)) == entry.count else {
                return true
            }
            // PT_LOAD: p_offset and p_filesz.
            guard number(entry, 0, 4) == 1 else { continue }
            let (end, overflows) = number(entry, 8, 8).addingReportingOverflow(number(entry, 32, 8))
            if overflows || end > UInt64(status.st_size) { return true }
        }
        return false
    }
}
