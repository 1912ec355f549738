import CLinux
import Glibc

extension Subprocess {
    /// Sends bytes through a program: it reads them from its standard input, and its standard output is returned. What it
    /// writes to standard error is dropped.
    ///
    /// - Parameters:
    ///   - command: the program, which is searched for in `PATH` unless it contains a slash, and its arguments.
    ///   - limit: of its output, in bytes.
    /// - Returns: its output, nil if that is more than the limit; and how it ended.
    /// - Throws: `ENOENT` if there is no such program.
    package static func filter(
        _ bytes: [UInt8], through command: [String], limit: Int = .max
    ) throws(SystemError) -> (output: [UInt8]?, ending: Ending) {
        // No pipe: it would take a second thread, and a program that does not read all would end this one.
        let input = etb_memory_file()
        guard input >= 0 else { throw SystemError() }
        defer { close(input) }
        guard Output.write(bytes: bytes, to: input), lseek(input, 0, SEEK_SET) == 0 else { throw SystemError() }
        let pipe = try PipeEnds()
        let started = Result { () throws(SystemError) in
            try Subprocess(
                command, input: .descriptor(input), output: .descriptor(pipe.writing), errors: .null)
        }
        // At once: otherwise its output would not end.
        close(pipe.writing)
        let output = read(pipe.reading, limit: limit)
        // Before its end is waited for: a program that has more to say waits for a reader.
        close(pipe.reading)
        return (output, try started.get().wait())
    }

    /// What comes out of a pipe; nil if it is more than the limit.
    private static func read(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else { return nil }
        }
    }
}
