/// A smart card as seen from its contacts.
protocol Card: AnyObject {
    /// Answer to reset (ISO 7816-3).
    var atr: [UInt8] { get }
    var pin: PIN { get }
    /// How many signatures were made.
    var signatures: Int { get }
    /// Power was lost or the card reset: nothing is selected or verified.
    func reset()
    /// One complete command: chained commands were joined.
    func answer(_ command: Command) -> Response
    func kind(of command: Command) -> CommandKind?
}

/// Commands at which a test may want to interrupt.
public enum CommandKind: String, CaseIterable, Sendable {
    case select, read
    /// Querying how many tries are left (VERIFY without a PIN).
    case query
    case verify
    /// Changing the PIN (CHANGE REFERENCE DATA).
    case change
    /// Selecting the key (MANAGE SECURITY ENVIRONMENT).
    case choose
    case sign
}

/// What kind of card a virtual token is.
public enum Personality: String, CaseIterable, Sendable {
    /// An Aladdin eToken PRO with CardOS 4.3b and a PKCS#15 file system.
    case cardos
    /// A card according to NIST SP 800-73.
    case piv
    /// A SafeNet eToken 5100 or 5110, which only SafeNet's own driver reads.
    case safenet
}

/// How CardOS responds to a wrong PIN.
public enum WrongPINStatus: String, CaseIterable, Sendable {
    /// 6300, as CardOS 4 does.
    case plain
    /// 63Cx with the tries left.
    case counted
}
