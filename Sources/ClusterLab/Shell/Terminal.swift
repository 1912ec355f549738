import Basics
import CSSH

/// The screen and keyboard of one session: line editing, echo, and paging of long output.
final class Terminal {
    /// The client is gone, or was silent for too long.
    struct Closed: Error {}
    /// The user pressed `q` at the paging prompt: the rest of the output is not wanted.
    struct Quit: Error {}
    /// The user pressed Control-C.
    struct Interrupted: Error {}

    private static let pageLines = 23
    private static let maximumLine = 16384
    private static let pagingPrompt = "Press <enter> for 1 line, <space> for one page, or <q> to quit"

    var isPaging = true

    private let channel: ssh_channel
    private let echoes: Bool
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var lastWasReturn = false
    private var linesLeft = Terminal.pageLines

    /// Seconds without input after which the session ends.
    private let idleSeconds: () -> Double

    init(channel: ssh_channel, echoes: Bool, idleSeconds: @escaping () -> Double) {
        self.channel = channel
        self.echoes = echoes
        self.idleSeconds = idleSeconds
    }

    /// Writes without paging; line feeds become CR LF.
    func write(_ text: String) throws(Closed) {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte == 0x0a { bytes.append(0x0d) }
            bytes.append(byte)
        }
        try send(bytes)
    }

    /// Starts the output of a command.
    func startPage() { linesLeft = Self.pageLines }

    /// Writes a line of a command's output, and stops after each page.
    func line(_ text: String = "") throws {
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if isPaging, linesLeft == 0 { try nextPage() }
            try write(part + "\n")
            linesLeft -= 1
        }
    }

    private func nextPage() throws {
        try write("\n" + Self.pagingPrompt)
        while true {
            switch try key() {
            case 0x0d, 0x0a: linesLeft = 1
            case 0x20: linesLeft = Self.pageLines
            case UInt8(ascii: "q"), UInt8(ascii: "Q"):
                try write("\n")
                throw Quit()
            case 0x03:
                try write("\n")
                throw Interrupted()
            default: continue
            }
            try write("\n")
            return
        }
    }

    /// Reads a line after a prompt, with backspace; input is echoed if the client has a terminal.
    func readLine(_ prompt: String) throws -> String {
        try write(prompt)
        var bytes: [UInt8] = []
        while true {
            let byte = try key()
            switch byte {
            case 0x0d, 0x0a:
                if echoes { try send([0x0d, 0x0a]) }
                return String(decoding: bytes, as: UTF8.self)
            case 0x08, 0x7f:
                guard bytes.popLast() != nil else { continue }
                if echoes { try send([0x08, 0x20, 0x08]) }
            case 0x03:
                try send(Array("^C\r\n".utf8))
                throw Interrupted()
            case 0x04 where bytes.isEmpty: throw Closed()
            case 0x20...0x7e, 0x80...0xff:
                guard bytes.count < Self.maximumLine else { throw Closed() }
                bytes.append(byte)
                if echoes { try send([byte]) }
            default: continue
            }
        }
    }

    /// The next byte; of CR LF and CR NUL only the CR.
    private func key() throws(Closed) -> UInt8 {
        while true {
            let byte = try next()
            defer { lastWasReturn = byte == 0x0d }
            if lastWasReturn, byte == 0x0a || byte == 0 { continue }
            return byte
        }
    }

    private func next() throws(Closed) -> UInt8 {
        if input.isEmpty {
            try flush()
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = ssh_channel_read_timeout(
                channel, &buffer, UInt32(buffer.count), 0, Int32(idleSeconds() * 1000))
            guard count > 0 else { throw Closed() }
            input = buffer.prefix(Int(count)).reversed()
        }
        return input.removeLast()
    }

    /// Waits, with everything shown that was written so far.
    func pause(milliseconds: Int) throws(Closed) {
        try flush()
        interruptibleSleep(Double(milliseconds) / 1000)
    }

    /// Sends what was written: many small pieces, such as the echo of a pasted text, go out in one.
    func flush() throws(Closed) {
        var start = 0
        defer { output = [] }
        while start < output.count {
            let count = output.withUnsafeBytes {
                ssh_channel_write(channel, $0.baseAddress! + start, UInt32($0.count - start))
            }
            guard count > 0 else { throw Closed() }
            start += Int(count)
        }
    }

    private func send(_ bytes: [UInt8]) throws(Closed) {
        output += bytes
        if output.count > 16384 { try flush() }
    }
}
