import Basics
import Glibc
import Messages

/// QR codes for the terminal, by the program `qrencode` (Debian's package of the same name).
enum QRCode {
    private static let program = "qrencode"

    /// Makes sure that the program is there, before anything is done in vain.
    static func check() throws { _ = try run(["--version"], []) }

    /// The code, with the colours that scanners expect, as bytes for a terminal.
    ///
    /// - Parameter text: capital letters and digits take the least space.
    static func code(of text: String) throws -> [UInt8] {
        let code = try run(["--type=ANSIUTF8", "--level=L", "--output=-"], Array(text.utf8))
        guard !code.isEmpty else { throw missing(SystemError(EIO)) }
        return code
    }

    private static func run(_ options: [String], _ input: [UInt8]) throws -> [UInt8] {
        do throws(SystemError) {
            let (output, ending) = try Subprocess.filter(input, through: [program] + options)
            guard let output, ending == .status(0) else { throw SystemError(EIO) }
            return output
        } catch { throw missing(error) }
    }

    private static func missing(_ error: SystemError) -> Failure {
        Failure(
            error == SystemError(ENOENT) ? Status.notThere : Status.failed,
            error == SystemError(ENOENT)
                ? localized("The program \(program), which creates QR codes, is not installed.")
                : localized("The program \(program) made no QR code: \(error.description)."),
            next: localized("Install it (apt install \(program)), or leave out --qr: --text shows the answer as text."))
    }
}
