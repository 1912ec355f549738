import Basics
import CPKCS11
import Messages

/// What a token says about itself (CK_TOKEN_INFO; PKCS#11 2.40, section 3.2).
public struct TokenInfo: Hashable, Sendable {
    /// Without the padding of the standard, for example `SAST-ADN008580ef`.
    public let label: String
    public let manufacturer: String
    public let model: String
    public let serialNumber: String
    /// The slot's name, usually that of the reader.
    public let slotDescription: String
    /// The slot's number, which is the module's own choice and may change when a token is inserted again.
    public let slotID: UInt
    public let pin: PINState
    /// Whether the PIN is entered on the reader (protected authentication path).
    public let hasPINPad: Bool
    /// Whether the token asks for a new PIN at the next opportunity.
    public let wantsNewPIN: Bool
    /// How many bytes a PIN may have; the whole range if the token does not say.
    public let pinLengths: ClosedRange<Int>
    /// The full label if the module shows the same serial number in several slots, as for the PINs of one card.
    var pinName: String?
    /// Whether another slot of the module shows the same label and the same serial number, or neither has one.
    var isOnlyToldBySlot = false

    init(_ info: CK_TOKEN_INFO, _ slot: CK_SLOT_INFO, slot slotID: UInt) {
        label = Self.text(info.label)
        manufacturer = Self.text(info.manufacturerID)
        model = Self.text(info.model)
        serialNumber = Self.text(info.serialNumber)
        slotDescription = Self.name(of: slot)
        self.slotID = slotID
        pin = PINState(flags: info.flags)
        hasPINPad = info.flags & CK_FLAGS(CKF_PROTECTED_AUTHENTICATION_PATH) != 0
        wantsNewPIN = info.flags & CK_FLAGS(CKF_USER_PIN_TO_BE_CHANGED) != 0
        let (shortest, longest) = (Int(clamping: info.ulMinPinLen), Int(clamping: info.ulMaxPinLen))
        pinLengths = shortest <= longest && longest > 0 ? shortest...longest : 0...Int.max
    }

    init(
        label: String, serialNumber: String, manufacturer: String = "", model: String = "",
        slotDescription: String = "", slotID: UInt = 0, pin: PINState = .ready, hasPINPad: Bool = false,
        wantsNewPIN: Bool = false, pinLengths: ClosedRange<Int> = 0...Int.max, pinName: String? = nil
    ) {
        self.label = label
        self.serialNumber = serialNumber
        self.manufacturer = manufacturer
        self.model = model
        self.slotDescription = slotDescription
        self.slotID = slotID
        self.pin = pin
        self.hasPINPad = hasPINPad
        self.wantsNewPIN = wantsNewPIN
        self.pinLengths = pinLengths
        self.pinName = pinName
    }

    /// The label by which people know the token: without the name of a PIN that OpenSC adds, for example ` (User PIN)`,
    /// unless that tells the slots of one card apart.
    public var plainLabel: String { pinName ?? cutLabel }

    /// Other modules show brackets only if they are part of the label.
    private var cutLabel: String {
        guard model.hasPrefix("PKCS#15") || label.hasSuffix(" (User PIN)"), label.hasSuffix(")"),
            let open = label.indices.last(where: { label[$0...].hasPrefix(" (") }), open > label.startIndex
        else { return label }
        return String(label[..<open])
    }

    /// Refuses a login that could lock the token.
    ///
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-missing`).
    func checkLogin() throws(TokenError) { try pin.checkLogin(to: plainLabel) }

    /// Text supplied by a token, as it is shown: users specify a token by what they see in the list.
    static func printable(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self).visible
    }

    /// The name of a slot.
    static func name(of slot: CK_SLOT_INFO) -> String { text(slot.slotDescription) }

    /// A fixed-length field: padded with spaces, or by some modules with NUL.
    static func text<Field>(_ field: Field) -> String {
        withUnsafeBytes(of: field) { bytes in
            let used = bytes.prefix { $0 != 0 }
            let end = used.lastIndex { $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? used.startIndex
            return printable(used[..<end])
        }
    }
}

/// How many wrong PINs the token still accepts, as far as its flags show.
public enum PINState: String, Hashable, Sendable {
    case ready
    /// At least one wrong PIN was entered since the last right one.
    case countLow = "count-low"
    /// The next wrong PIN locks the token.
    case finalTry = "final-try"
    case locked
    /// No user PIN is set.
    case notInitialized = "not-initialized"

    /// Whether the flags allow a PIN to be tried.
    public var allowsLogin: Bool { self == .ready || self == .countLow }

    /// For people.
    public var text: LocalizableText {
        switch self {
        case .ready: localized("ready")
        case .countLow: localized("wrong PIN given")
        case .finalTry: localized("one try left")
        case .locked: localized("locked")
        case .notInitialized: localized("no PIN set")
        }
    }

    init(flags: CK_FLAGS) {
        func has(_ flag: UInt) -> Bool { UInt(flags) & flag != 0 }
        if has(UInt(CKF_USER_PIN_LOCKED)) {
            self = .locked
        } else if has(UInt(CKF_USER_PIN_FINAL_TRY)) {
            self = .finalTry
        } else if has(UInt(CKF_USER_PIN_COUNT_LOW)) {
            self = .countLow
        } else if !has(UInt(CKF_USER_PIN_INITIALIZED)) {
            self = .notInitialized
        } else {
            self = .ready
        }
    }

    /// Refuses a login that could lock the token.
    ///
    /// - Throws: ``TokenError`` (`pin-locked`, `pin-final-try`, `pin-missing`).
    func checkLogin(to label: String) throws(TokenError) {
        switch self {
        case .ready, .countLow: return
        case .finalTry: throw .finalTry(label)
        case .locked: throw .locked(label)
        case .notInitialized:
            throw TokenError(.pinMissing, label, localized("Token \(label) has no user PIN yet."))
        }
    }
}

extension TokenError {
    /// The token reports that one try is left.
    static func finalTry(_ label: String) -> TokenError {
        TokenError(
            .pinFinalTry, label,
            localized("Token \(label) has one PIN try left; the next wrong PIN would lock it for good."))
    }

    /// The token reports that its PIN is locked.
    static func locked(_ label: String) -> TokenError {
        TokenError(.pinLocked, label, localized("The PIN of token \(label) is locked."))
    }
}

extension TokenInfo {
    /// The serial number, the same in all modules.
    var normalizedSerialNumber: String { Self.normalized(serialNumber: serialNumber) }

    /// Some modules write a serial number in capitals, or pad it with zeros.
    static func normalized(serialNumber: String) -> String {
        let plain = serialNumber.lowercased()
        let short = plain.drop { $0 == "0" }
        return short.isEmpty ? String(plain.suffix(1)) : String(short)
    }

    /// Whether two spellings of a serial number mean one token.
    public static func areSame(serialNumbers one: String, _ other: String) -> Bool {
        !one.isEmpty && normalized(serialNumber: one) == normalized(serialNumber: other)
    }

    /// The same for one token in all modules that know it.
    public var identity: [String] { [normalizedSerialNumber, cutLabel] }

    /// A PKCS#11 URI (RFC 7512) that names this token, to be used instead of its label: by label and serial number, and by
    /// the slot only if nothing else tells it from another.
    public var uri: String {
        func encoded(_ text: String) -> String { Percent.encode(text) }
        var parts = ["token=\(encoded(plainLabel))"]
        if !serialNumber.isEmpty { parts.append("serial=\(encoded(serialNumber))") }
        if isOnlyToldBySlot { parts.append("slot-id=\(slotID)") }
        return "pkcs11:" + parts.joined(separator: ";")
    }

    /// Whether a name is the label or the serial number, exactly as the module shows it.
    func isNamed(_ name: String) -> Bool {
        label == name || plainLabel == name || cutLabel == name || (serialNumber == name && !name.isEmpty)
    }

    /// The same in any spelling: capitals, zeros at the start, and the name that Cisco's certificates have, which is
    /// `SAST-ADN` and the serial number.
    func isNamedLoosely(_ name: String) -> Bool {
        let name = name.lowercased()
        if [label, plainLabel, cutLabel].contains(where: { $0.lowercased() == name }) { return !name.isEmpty }
        guard !serialNumber.isEmpty, !name.isEmpty else { return false }
        let serial = name.hasPrefix("sast-adn") ? String(name.dropFirst(8)) : name
        return !serial.isEmpty && Self.normalized(serialNumber: serial) == normalizedSerialNumber
    }
}
