/// A SafeNet eToken 5100 or 5110: a Java card whose applet only talks to SafeNet's own driver. All other drivers are
/// refused, so that smart card software sees a card, but no PKCS#11 module other than SafeNet's sees a token.
final class SafeNetCard: Card {
    let atr: [UInt8] = [0x3b, 0xd5, 0x18, 0x00, 0x81, 0x31, 0x3a, 0x7d, 0x80, 0x73, 0xc8, 0x21, 0x10, 0x30]
    let pin: PIN
    let signatures = 0

    init(pin: PIN) { self.pin = pin }

    func reset() {}

    func kind(of command: Command) -> CommandKind? { nil }

    func answer(_ command: Command) -> Response { Response(status: .unknownInstruction) }
}
