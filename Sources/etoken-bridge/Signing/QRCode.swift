import Basics
import Glibc
import Messages

/// QR codes for the terminal, by the program `qrencode` (Debian's package of the same name).
enum QRCode {
    private static let program = "qrencode"

    /// Makes sure that the program is there, before anything is done for nothing.
    static func check() throws {
        do throws(SystemError) {
            let process = try Subprocess([program, "--version"], input: .null, output: .null, errors: .null)
            guard process.wait() == .status(0) else { throw SystemError(EIO) }
        } catch { throw missing(error) }
    }

    /// The code, with the colours that scanners expect, as bytes for a terminal.
    ///
    /// - Parameter text: capital letters and digits take the least space.
    static func code(of text: String) throws -> [UInt8] {
        do throws(SystemError) {
            let (input, output) = (try PipeEnds(), try PipeEnds())
            defer { close(output.reading) }
            // A pipe holds more than a code can.
            Output.write(bytes: Array(text.utf8), to: input.writing)
            close(input.writing)
            let started = Result { () throws(SystemError) in
                try Subprocess(
                    [program, "--type=ANSIUTF8", "--level=L", "--output=-"], input: .descriptor(input.reading),
                    output: .descriptor(output.writing))
            }
            // At once: otherwise it would not end, or its output would not.
            close(input.reading)
            close(output.writing)
            let process = try started.get()
            var code: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                let count = read(output.reading, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                code += buffer[..<count]
            }
            guard process.wait() == .status(0), !code.isEmpty else { throw SystemError(EIO) }
            return code
        } catch { throw missing(error) }
    }

    private static func missing(_ error: SystemError) -> Failure {
        Failure(
            error == SystemError(ENOENT) ? Status.notThere : Status.failed,
            error == SystemError(ENOENT)
                ? localized("The program \(program), which makes QR codes, is not installed.")
                : localized("The program \(program) made no QR code: \(error.description)."),
            next: localized("Install it (apt install \(program)), or leave out --qr: --text shows the answer as text."))
    }
}
