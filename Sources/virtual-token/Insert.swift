import ArgumentParser
import Basics
import Glibc
import VirtualToken
import X509

struct Insert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Insert a token, and serve it until it is stopped.")

    @Option(help: "cardos (an eToken, as Cisco's are), piv, or safenet (which only SafeNet's driver reads).")
    var personality = Personality.cardos

    @Option(help: "The TCP port of the virtual reader on this machine.")
    var port: UInt16

    @Option(help: "The token's label. A PIV card is named by its certificate instead.")
    var label: String

    @Option(help: "The serial number as hexadecimal, up to 16 bytes.")
    var serial: String

    @Option(help: "The token's manufacturer.")
    var manufacturer = "Aladdin Ltd."

    @Option(help: "The certificate as PEM.", completion: .file())
    var certificate: String

    @Option(help: "Its private key as PEM, not encrypted.", completion: .file())
    var key: String

    @Option(help: "A file with the PIN in its first line.", completion: .file())
    var pinFile: String

    @Option(help: "How many wrong PINs in a row lock the token.")
    var tries = 15

    @Option(help: "A file that remembers the tries left.", completion: .file())
    var state: String?

    @Option(help: "How a wrong PIN is answered: plain (6300, as CardOS 4 does) or counted (63Cx). PIV always counts.")
    var wrongPin = WrongPINStatus.plain

    @Option(help: "The control socket to create.", completion: .file())
    var control: String

    func run() throws {
        guard let serialNumber = [UInt8](hex: serial), (1...16).contains(serialNumber.count),
            serialNumber.count * 2 == serial.utf8.count
        else {
            throw ValidationError("--serial must be 1 to 16 bytes in hexadecimal.")
        }
        let pin = Array(try text(pinFile).utf8.prefix { $0 != UInt8(ascii: "\n") })
        let token = try VirtualToken(
            personality,
            TokenContents(
                label: label, serialNumber: serialNumber, manufacturer: manufacturer,
                certificate: Certificate(pem: text(certificate)), key: PrivateKey(pem: text(key))),
            pin: PIN(pin, maximum: tries, stateFile: state), wrongPIN: wrongPin,
            reader: ReaderAddress(port: port), control: control)
        try token.run()
    }

    private func text(_ path: String) throws -> String {
        guard let file = fopen(path, "re") else { throw ValidationError("\(path) cannot be read.") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
