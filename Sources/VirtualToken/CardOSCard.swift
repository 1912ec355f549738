import Basics

/// A CardOS 4.2B eToken (PRO 64k) as OpenSC's `cardos` driver sees it: a PKCS#15 file system, one PIN, one RSA key that signs
/// after PKCS#1 padding, or raw.
final class CardOSCard: Card {
    let atr: [UInt8] = [0x3b, 0xf2, 0x18, 0x00, 0x02, 0xc1, 0x0a, 0x31, 0xfe, 0x58, 0xc8, 0x09, 0x75]
    let pin: PIN
    private(set) var signatures = 0
    private let contents: TokenContents
    private let files: PKCS15Files
    private let wrongPIN: WrongPINStatus
    private var selected: [UInt16] = PKCS15Files.root
    private var hasChosenKey = false
    private static let maximumPINLength = 16

    init(_ contents: TokenContents, pin: PIN, wrongPIN: WrongPINStatus) {
        (self.contents, self.pin, self.wrongPIN) = (contents, pin, wrongPIN)
        files = PKCS15Files(contents, maximumPINLength: Self.maximumPINLength)
    }

    func reset() {
        selected = PKCS15Files.root
        hasChosenKey = false
        pin.isVerified = false
    }

    func kind(of command: Command) -> CommandKind? {
        switch (command.cla & 0xef, command.ins) {
        case (0x00, 0xa4): .select
        case (0x00, 0xb0): .read
        case (0x00, 0x20): command.data.isEmpty ? .query : .verify
        case (0x00, 0x24): .change
        case (0x00, 0x22): .choose
        case (0x00, 0x2a): .sign
        default: nil
        }
    }

    func answer(_ command: Command) -> Response {
        switch (command.cla & 0xef, command.ins) {
        case (0x00, 0xca): return getData(command)
        case (0x00, 0xa4): return select(command)
        case (0x00, 0xb0): return read(command)
        case (0x00, 0x20): return verify(command)
        case (0x00, 0x24): return change(command)
        case (0x00, 0x22):
            guard command.parameter == 0x41b6 else { return Response(status: .badParameters) }
            hasChosenKey = true
            return Response()
        case (0x00, 0x2a): return sign(command)
        case (0x80, 0xea):
            pin.isVerified = false
            return Response()
        case (0x00, _), (0x80, _): return Response(status: .unknownInstruction)
        default: return Response(status: .unknownClass)
        }
    }

    private func getData(_ command: Command) -> Response {
        switch command.parameter {
        case 0x0181: Response(contents.serialNumber)
        // The version, as in the ATR.
        case 0x0182: Response([0xc8, 0x09])
        // Extension packages: none.
        case 0x0188: Response()
        // The maximum length of a command. A signature with RSA-2048 therefore comes in two.
        case 0x018d: Response([0x00, 0xf0])
        default: Response(status: .noSuchData)
        }
    }

    private func select(_ command: Command) -> Response {
        guard command.data.count % 2 == 0 else { return Response(status: .badData) }
        let identifiers = stride(from: 0, to: command.data.count, by: 2).map {
            command.data[$0...$0 + 1].bigEndian(as: UInt16.self)
        }
        let path: [UInt16]
        switch command.p1 {
        case 0x00:
            guard identifiers.count <= 1 else { return Response(status: .badData) }
            let isRoot = identifiers.first.map { $0 == PKCS15Files.root[0] } ?? true
            path = isRoot ? PKCS15Files.root : files.folder(of: selected) + identifiers
        case 0x08: path = PKCS15Files.root + identifiers
        case 0x09: path = files.folder(of: selected) + identifiers
        default: return Response(status: .notFound)
        }
        guard let description = files.description(of: path) else { return Response(status: .notFound) }
        selected = path
        return command.p2 & 0x0c == 0x0c ? Response() : Response(description)
    }

    private func read(_ command: Command) -> Response {
        guard command.p1 & 0x80 == 0 else { return Response(status: .badParameters) }
        guard let content = files.content(of: selected) else { return Response(status: .noFileSelected) }
        let offset = Int(command.parameter)
        guard offset < content.count || content.isEmpty else { return Response(status: .beyondEnd) }
        return Response(Array(content[offset...].prefix(command.expected)))
    }

    private func verify(_ command: Command) -> Response {
        guard command.parameter == UInt16(PKCS15Files.pinReference) else { return Response(status: .badParameters) }
        // A VERIFY without a PIN is a query; this version of CardOS does not answer it.
        guard !command.data.isEmpty else { return Response(status: .wrongLength) }
        return answer(to: pin.verify(Self.unpadded(command.data)))
    }

    /// CHANGE REFERENCE DATA: the old PIN and the new one, each padded to its stored length.
    private func change(_ command: Command) -> Response {
        guard command.parameter == UInt16(PKCS15Files.pinReference) else { return Response(status: .badParameters) }
        let half = command.data.count / 2
        guard half == Self.maximumPINLength, command.data.count == half * 2 else {
            return Response(status: .wrongLength)
        }
        let new = Self.unpadded(command.data.suffix(half))
        guard !new.isEmpty else { return Response(status: .badData) }
        return answer(to: pin.change(from: Self.unpadded(command.data.prefix(half)), to: new))
    }

    /// The driver pads a PIN with zeros.
    private static func unpadded(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        Array(bytes.reversed().drop { $0 == 0 }.reversed())
    }

    private func answer(to outcome: PIN.Outcome) -> Response {
        switch outcome {
        case .right: Response()
        case .blocked: Response(status: .pinBlocked)
        case .wrong:
            wrongPIN == .plain ? Response(status: .wrongPIN) : Response(status: 0x63c0 | UInt16(pin.triesLeft))
        }
    }

    private func sign(_ command: Command) -> Response {
        guard command.parameter == 0x9e9a else { return Response(status: .badParameters) }
        guard pin.isVerified else { return Response(status: .notVerified) }
        guard hasChosenKey else { return Response(status: .conditionsNotMet) }
        guard let signature = contents.privateOperation(command.data) else { return Response(status: .wrongLength) }
        signatures += 1
        return Response(signature)
    }
}
