import Messages
import Tokens

/// What a module says about itself and a token in its own numbers, as JSON: what docs/proven.md asks for about tokens
/// that this project has never seen.
struct TokenDetailsDocument: Encodable {
    struct Library: Encodable {
        /// CK_INFO.
        let cryptoki, manufacturer, description, version: String
        let flags: UInt

        init(_ library: TokenDetails.Library) {
            (cryptoki, version) = (library.cryptoki.description, library.version.description)
            (manufacturer, description, flags) = (library.manufacturer, library.description, library.flags)
        }
    }

    /// CK_SLOT_INFO.
    struct Slot: Encodable {
        let id: UInt
        let description, manufacturer: String
        let flags: UInt
        let hardwareVersion, firmwareVersion: String

        init(_ slot: TokenDetails.Slot) {
            (id, description, manufacturer, flags) = (slot.id, slot.description, slot.manufacturer, slot.flags)
            (hardwareVersion, firmwareVersion) = (slot.hardware.description, slot.firmware.description)
        }
    }

    /// CK_TOKEN_INFO; what the token does not report is omitted.
    struct TokenPart: Encodable {
        let label, manufacturer, model, serialNumber: String
        let flags: UInt
        let maxSessions, sessions, maxWritableSessions, writableSessions: UInt?
        let minPINLength, maxPINLength: UInt?
        let publicMemory, freePublicMemory, privateMemory, freePrivateMemory: UInt?
        let hardwareVersion, firmwareVersion: String
        let time: String?

        init(_ token: TokenDetails.Token) {
            (label, manufacturer, model) = (token.label, token.manufacturer, token.model)
            (serialNumber, flags) = (token.serialNumber, token.flags)
            (maxSessions, sessions) = (token.mostSessions, token.sessions)
            (maxWritableSessions, writableSessions) = (token.mostWritableSessions, token.writableSessions)
            (minPINLength, maxPINLength) = (token.shortestPIN, token.longestPIN)
            (publicMemory, freePublicMemory) = (token.publicMemory, token.freePublicMemory)
            (privateMemory, freePrivateMemory) = (token.privateMemory, token.freePrivateMemory)
            (hardwareVersion, firmwareVersion) = (token.hardware.description, token.firmware.description)
            time = token.time.isEmpty ? nil : token.time
        }
    }

    struct Mechanism: Encodable {
        let type: UInt
        let name: String?
        /// CK_MECHANISM_INFO; omitted if the token gives no details.
        let minKeySize, maxKeySize, flags: UInt?

        init(_ mechanism: TokenDetails.Mechanism) {
            (type, name) = (mechanism.type, mechanism.name)
            let details = mechanism.details
            (minKeySize, maxKeySize, flags) = (details?.shortestKey, details?.longestKey, details?.flags)
        }
    }

    /// Omitted if the module does not say.
    let library: Library?
    /// The one that the token is in.
    let slot: Slot
    let token: TokenPart
    let mechanisms: [Mechanism]
    /// All slots of the module, with and without a token.
    let slots: [Slot]
    /// What the module did not answer.
    let failures: [String]

    init(_ details: TokenDetails) {
        library = details.library.map { Library($0) }
        slot = Slot(details.slot)
        token = TokenPart(details.token)
        mechanisms = details.mechanisms.map { Mechanism($0) }
        slots = details.slots.map { Slot($0) }
        failures = details.failures.flatMap { $0.details.map(\.localized) }
    }
}
