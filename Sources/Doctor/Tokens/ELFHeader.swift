import Glibc
import Messages

/// For which processor a program or library is built. Source: the ELF specification (elf(5)).
struct ELFHeader: Hashable {
    /// 32 or 64.
    let bits: Int
    let isLittleEndian: Bool
    /// `e_machine`.
    let machine: UInt16

    /// Why a file's header cannot be read.
    enum Fault: Error, Equatable {
        /// The file cannot be read; the system's error message.
        case unreadable(String)
        case notELF
    }

    /// Reads the header of a file.
    init(path: String) throws(Fault) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var start = [UInt8](repeating: 0, count: 20)
        let count = read(descriptor, &start, start.count)
        guard count >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
        try self.init(Array(start.prefix(count)))
    }

    /// - Parameter start: at least the first 20 bytes of the file.
    init(_ start: [UInt8]) throws(Fault) {
        guard start.count >= 20, start.starts(with: [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")]),
            start[4] == 1 || start[4] == 2, start[5] == 1 || start[5] == 2
        else { throw .notELF }
        bits = start[4] == 1 ? 32 : 64
        isLittleEndian = start[5] == 1
        machine =
            isLittleEndian
            ? UInt16(start[18]) | UInt16(start[19]) << 8 : UInt16(start[19]) | UInt16(start[18]) << 8
    }

    /// That of this program.
    static var own: ELFHeader? { try? ELFHeader(path: "/proc/self/exe") }

    /// For example `64-bit x86-64`.
    var description: String {
        localized("\(bits)-bit \(Self.machines[machine] ?? localized("processor \(machine)").localized)").localized
    }

    private static let machines: [UInt16: String] = [
        3: "x86 (i386)", 8: "MIPS", 20: "PowerPC", 21: "PowerPC", 22: "S/390", 40: "ARM", 50: "Itanium", 62: "x86-64",
        183: "ARM (aarch64)", 243: "RISC-V", 258: "LoongArch",
    ]
}
