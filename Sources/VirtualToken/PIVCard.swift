import X509

/// A PIV card (NIST SP 800-73-4, part 2) with a key and certificate for PIV authentication (9A).
final class PIVCard: Card {
    /// Of a PIV card that OpenSC knows.
    let atr: [UInt8] = [
        0x3b, 0x7d, 0x96, 0x00, 0x00, 0x80, 0x31, 0x80, 0x65, 0xb0, 0x83, 0x11, 0x17, 0xd6, 0x83, 0x00, 0x90, 0x00,
    ]
    let pin: PIN
    private(set) var signatures = 0
    private let contents: TokenContents
    private let objects: [[UInt8]: [UInt8]]
    private var isSelected = false

    private static let application: [UInt8] = [0xa0, 0x00, 0x00, 0x03, 0x08]
    /// With the application's version.
    private static let applicationAndVersion = application + [0x00, 0x00, 0x10, 0x00, 0x01, 0x00]
    private static let keyReference: UInt8 = 0x9a

    init(_ contents: TokenContents, pin: PIN) {
        (self.contents, self.pin) = (contents, pin)
        // Part 1, section 3.1.2: the FASC-N (here of an agency, 9999, that has none), the GUID, an expiry date.
        let agency: [UInt8] = [
            0xd4, 0xe7, 0x39, 0xda, 0x73, 0x9c, 0xed, 0x39, 0xce, 0x73, 0x9d, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
            0x84, 0x21, 0xc8, 0x42, 0x10, 0xc3, 0xeb,
        ]
        // OpenSC shows the last eight bytes of the GUID as the serial number.
        let guid = ([UInt8](repeating: 0, count: 16) + contents.serialNumber).suffix(16)
        let holder =
            DER.element(0x30, agency) + DER.element(0x34, Array(guid)) + DER.element(0x35, Array("20340101".utf8))
            + [0x3e, 0x00, 0xfe, 0x00]
        let certificate = DER.element(0x70, contents.certificate.der) + [0x71, 0x01, 0x00, 0xfe, 0x00]
        objects = [
            [0x5f, 0xc1, 0x02]: DER.element(0x53, holder),
            [0x5f, 0xc1, 0x05]: DER.element(0x53, certificate),
            // Discovery object: the application, and that its own PIN is the one to use.
            [0x7e]: DER.element(
                0x7e, DER.element(0x4f, Self.applicationAndVersion), DER.element(0x5f2f, [0x40, 0x00])),
        ]
    }

    func reset() {
        isSelected = false
        pin.isVerified = false
    }

    func kind(of command: Command) -> CommandKind? {
        switch command.ins {
        case 0xa4: .select
        case 0xcb: .read
        case 0x20: command.data.isEmpty ? .query : .verify
        case 0x24: .change
        case 0x87: .sign
        default: nil
        }
    }

    func answer(_ command: Command) -> Response {
        guard command.cla & 0xef == 0 else { return Response(status: .unknownClass) }
        if command.ins == 0xa4 { return select(command) }
        guard isSelected else { return Response(status: .unknownInstruction) }
        switch command.ins {
        case 0xcb: return getData(command)
        case 0x20: return verify(command)
        case 0x24: return change(command)
        case 0x87: return sign(command)
        default: return Response(status: .unknownInstruction)
        }
    }

    private func select(_ command: Command) -> Response {
        guard command.p1 == 0x04, command.data.count >= 5,
            Self.applicationAndVersion.starts(with: command.data)
        else { return Response(status: .notFound) }
        isSelected = true
        return Response(
            DER.element(
                0x61, DER.element(0x4f, Array(Self.applicationAndVersion.dropFirst(5))),
                DER.element(0x79, DER.element(0x4f, Self.application))))
    }

    private func getData(_ command: Command) -> Response {
        guard command.parameter == 0x3fff, let tag = DER.content(of: 0x5c, in: command.data) else {
            return Response(status: .badParameters)
        }
        return objects[tag].map { Response($0) } ?? Response(status: .notFound)
    }

    private func verify(_ command: Command) -> Response {
        guard command.p1 == 0 || command.p1 == 0xff, command.p2 == 0x80 else { return Response(status: .noSuchData) }
        if command.p1 == 0xff {
            pin.isVerified = false
            return Response()
        }
        if command.data.isEmpty {
            if pin.isVerified { return Response() }
            return pin.triesLeft == 0 ? Response(status: .pinBlocked) : tries
        }
        guard command.data.count == 8 else { return Response(status: .badData) }
        return answer(to: pin.verify(Self.unpadded(command.data)))
    }

    /// CHANGE REFERENCE DATA (part 2, section 3.2.2): the old PIN and the new one, eight bytes each.
    private func change(_ command: Command) -> Response {
        guard command.parameter == 0x0080 else { return Response(status: .noSuchData) }
        guard command.data.count == 16 else { return Response(status: .wrongLength) }
        let new = Self.unpadded(command.data.suffix(8))
        guard new.count >= 6 else { return Response(status: .badData) }
        return answer(to: pin.change(from: Self.unpadded(command.data.prefix(8)), to: new))
    }

    private static func unpadded(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
        Array(bytes.reversed().drop { $0 == 0xff }.reversed())
    }

    private func answer(to outcome: PIN.Outcome) -> Response {
        switch outcome {
        case .right: Response()
        case .wrong: tries
        case .blocked: Response(status: .pinBlocked)
        }
    }

    /// 63Cx.
    private var tries: Response { Response(status: 0x63c0 | UInt16(pin.triesLeft)) }

    /// GENERAL AUTHENTICATE (part 2, section 3.2.4): a block of the size of the modulus in, the signature out.
    private func sign(_ command: Command) -> Response {
        let algorithm: UInt8 = contents.modulusLength == 128 ? 0x06 : 0x07
        guard command.p1 == algorithm, command.p2 == Self.keyReference else {
            return Response(status: .badParameters)
        }
        guard pin.isVerified else { return Response(status: .notVerified) }
        guard let template = DER.content(of: 0x7c, in: command.data),
            let block = DER.content(of: 0x81, in: template), block.count == contents.modulusLength,
            let signature = contents.privateOperation(block)
        else { return Response(status: .badData) }
        signatures += 1
        return Response(DER.element(0x7c, DER.element(0x82, signature)))
    }
}
