import Messages

/// What a PC/SC function returned. Source: `pcsclite.h` of pcsc-lite; the PC/SC Workgroup's specification, part 5.
public struct PCSCStatus: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Our own: libpcsclite cannot be loaded.
    public static let notInstalled = PCSCStatus(rawValue: 1)
    public static let success = PCSCStatus(rawValue: 0)
    public static let cancelled = PCSCStatus(rawValue: 0x8010_0002)
    public static let insufficientBuffer = PCSCStatus(rawValue: 0x8010_0008)
    public static let unknownReader = PCSCStatus(rawValue: 0x8010_0009)
    public static let timeout = PCSCStatus(rawValue: 0x8010_000A)
    public static let noService = PCSCStatus(rawValue: 0x8010_001D)
    public static let serviceStopped = PCSCStatus(rawValue: 0x8010_001E)
    public static let noReaders = PCSCStatus(rawValue: 0x8010_002E)
    public static let sharingViolation = PCSCStatus(rawValue: 0x8010_000B)
    public static let securityViolation = PCSCStatus(rawValue: 0x8010_006A)

    /// The name in the headers, for example `SCARD_E_NO_SERVICE`; the number for an unknown one.
    public var name: String { Self.texts[rawValue]?.name ?? "0x" + String(rawValue, radix: 16, uppercase: true) }

    /// What it means, as the end of a sentence: no capital letter, no full stop.
    public var sentence: LocalizableText {
        Self.texts[rawValue]?.sentence ?? localized("the smart card service returned \(name)")
    }

    /// Every status that has a name.
    public static var known: [PCSCStatus] { texts.keys.sorted().map(PCSCStatus.init) }

    // One number has two names: SCARD_E_UNSUPPORTED_FEATURE is SCARD_E_UNEXPECTED.
    private static let texts: [UInt32: (name: String, sentence: LocalizableText)] = [
        0: ("SCARD_S_SUCCESS", localized("no error")),
        1: ("NOT_INSTALLED", localized("libpcsclite, the library of the smart card service, is not installed")),
        0x8010_0001: ("SCARD_F_INTERNAL_ERROR", localized("the smart card service reports an internal error")),
        0x8010_0002: ("SCARD_E_CANCELLED", localized("the wait was cancelled")),
        0x8010_0003: (
            "SCARD_E_INVALID_HANDLE", localized("the connection to the smart card service is no longer valid")
        ),
        0x8010_0004: ("SCARD_E_INVALID_PARAMETER", localized("the smart card service does not accept the request")),
        0x8010_0005: (
            "SCARD_E_INVALID_TARGET", localized("the settings of the smart card service are missing or wrong")
        ),
        0x8010_0006: (
            "SCARD_E_NO_MEMORY", localized("there is not enough memory, or the smart card service is out of resources")
        ),
        0x8010_0007: ("SCARD_F_WAITED_TOO_LONG", localized("an internal timeout of the smart card service expired")),
        0x8010_0008: ("SCARD_E_INSUFFICIENT_BUFFER", localized("the response does not fit into the buffer")),
        0x8010_0009: ("SCARD_E_UNKNOWN_READER", localized("no such reader")),
        0x8010_000A: ("SCARD_E_TIMEOUT", localized("the timeout expired")),
        0x8010_000B: ("SCARD_E_SHARING_VIOLATION", localized("another program has exclusive access to the card")),
        0x8010_000C: ("SCARD_E_NO_SMARTCARD", localized("no card in the reader")),
        0x8010_000D: ("SCARD_E_UNKNOWN_CARD", localized("unknown card")),
        0x8010_000E: ("SCARD_E_CANT_DISPOSE", localized("the reader does not support that with this card")),
        0x8010_000F: ("SCARD_E_PROTO_MISMATCH", localized("the card uses a different protocol than requested")),
        0x8010_0010: ("SCARD_E_NOT_READY", localized("the reader or the card is not ready")),
        0x8010_0011: (
            "SCARD_E_INVALID_VALUE", localized("the smart card service rejects a parameter")
        ),
        0x8010_0012: (
            "SCARD_E_SYSTEM_CANCELLED", localized("the system cancelled the operation, to log off or shut down")
        ),
        0x8010_0013: ("SCARD_F_COMM_ERROR", localized("the connection to the smart card service failed")),
        0x8010_0014: (
            "SCARD_F_UNKNOWN_ERROR", localized("the smart card service failed for an unknown reason")
        ),
        0x8010_0015: ("SCARD_E_INVALID_ATR", localized("the card's answer to reset (ATR) is not valid")),
        0x8010_0016: ("SCARD_E_NOT_TRANSACTED", localized("no transaction with the card is open")),
        0x8010_0017: ("SCARD_E_READER_UNAVAILABLE", localized("the reader is no longer there")),
        0x8010_0018: ("SCARD_P_SHUTDOWN", localized("the system is shutting down")),
        0x8010_0019: ("SCARD_E_PCI_TOO_SMALL", localized("the buffer for the protocol header is too small")),
        0x8010_001A: ("SCARD_E_READER_UNSUPPORTED", localized("the reader driver does not support the operation")),
        0x8010_001B: ("SCARD_E_DUPLICATE_READER", localized("two readers have the same name")),
        0x8010_001C: ("SCARD_E_CARD_UNSUPPORTED", localized("the card does not support the operation")),
        0x8010_001D: (
            "SCARD_E_NO_SERVICE", localized("the smart card service (pcscd) is not running, or cannot be reached")
        ),
        0x8010_001E: ("SCARD_E_SERVICE_STOPPED", localized("the smart card service (pcscd) has stopped")),
        0x8010_001F: ("SCARD_E_UNEXPECTED", localized("the card failed or does not support the operation")),
        0x8010_0020: ("SCARD_E_ICC_INSTALLATION", localized("no driver on this machine supports the card")),
        0x8010_0021: ("SCARD_E_ICC_CREATEORDER", localized("objects cannot be created in this order")),
        0x8010_0023: ("SCARD_E_DIR_NOT_FOUND", localized("the folder is not on the card")),
        0x8010_0024: ("SCARD_E_FILE_NOT_FOUND", localized("the file is not on the card")),
        0x8010_0025: ("SCARD_E_NO_DIR", localized("the path on the card is not a folder")),
        0x8010_0026: ("SCARD_E_NO_FILE", localized("the path on the card is not a file")),
        0x8010_0027: ("SCARD_E_NO_ACCESS", localized("the card denies access to the file")),
        0x8010_0028: ("SCARD_E_WRITE_TOO_MANY", localized("the card is full")),
        0x8010_0029: ("SCARD_E_BAD_SEEK", localized("the position in the card's file does not exist")),
        0x8010_002A: ("SCARD_E_INVALID_CHV", localized("the PIN is wrong")),
        0x8010_002B: ("SCARD_E_UNKNOWN_RES_MNG", localized("a component below the smart card service failed")),
        0x8010_002C: ("SCARD_E_NO_SUCH_CERTIFICATE", localized("the certificate is not on the card")),
        0x8010_002D: ("SCARD_E_CERTIFICATE_UNAVAILABLE", localized("the certificate cannot be read")),
        0x8010_002E: ("SCARD_E_NO_READERS_AVAILABLE", localized("no reader found")),
        0x8010_002F: ("SCARD_E_COMM_DATA_LOST", localized("data was lost between the reader and the card")),
        0x8010_0030: ("SCARD_E_NO_KEY_CONTAINER", localized("the key is not on the card")),
        0x8010_0031: ("SCARD_E_SERVER_TOO_BUSY", localized("the smart card service is too busy")),
        0x8010_0065: (
            "SCARD_W_UNSUPPORTED_CARD", localized("the reader does not understand the card's answer to reset (ATR)")
        ),
        0x8010_0066: ("SCARD_W_UNRESPONSIVE_CARD", localized("the card does not answer")),
        0x8010_0067: ("SCARD_W_UNPOWERED_CARD", localized("the card has no power")),
        0x8010_0068: ("SCARD_W_RESET_CARD", localized("the card was reset by another program")),
        0x8010_0069: ("SCARD_W_REMOVED_CARD", localized("the card was removed")),
        0x8010_006A: (
            "SCARD_W_SECURITY_VIOLATION",
            localized("the smart card service refuses this user (polkit denies access)")
        ),
        0x8010_006B: ("SCARD_W_WRONG_CHV", localized("the PIN is wrong")),
        0x8010_006C: ("SCARD_W_CHV_BLOCKED", localized("the PIN is locked")),
        0x8010_006D: ("SCARD_W_EOF", localized("the end of the card's file is reached")),
        0x8010_006E: ("SCARD_W_CANCELLED_BY_USER", localized("cancelled by the user")),
        0x8010_006F: ("SCARD_W_CARD_NOT_AUTHENTICATED", localized("the card requires a PIN first")),
    ]
}
