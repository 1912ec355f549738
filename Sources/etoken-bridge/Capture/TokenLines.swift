import Basics
import Messages
import SmartCards
import Tokens
import X509

/// What a module and the smart card service say about a token, as lines of a capture. There is no login.
struct TokenLines {
    private(set) var lines: [(name: String, value: String)] = []

    init(_ token: Token) throws {
        let info = token.info
        let contents = try token.contents()
        func add(_ name: String, _ value: String) { lines.append((name, value)) }
        // The path may have the user's name in it.
        add("module", token.module.path.split(separator: "/").last.map(String.init) ?? "")
        add("label", info.label)
        add("serial", info.serialNumber)
        add("manufacturer", info.manufacturer)
        add("model", info.model)
        add("slot", info.slotDescription)
        add("pin", info.pin.rawValue)
        add("pin pad", "\(info.hasPINPad)")
        if info.pinLengths.upperBound != .max { add("pin lengths", "\(info.pinLengths)") }
        if let tries = contents.tries { add("tries", "\(tries)") }
        if let reader = ReaderView.now().reader(of: info) {
            add("reader", reader.name)
            if let atr = reader.atr { add("atr", atr.description) }
        }
        for stored in contents.certificates {
            add("certificate label", stored.label)
            add("certificate id", stored.id.hex)
            add("certificate", stored.certificate.pem.filter { !$0.isNewline })
        }
        for key in contents.keys {
            add("key label", key.label)
            add("key id", key.id.hex)
            add(
                "key",
                "\(key.isPrivate ? "private" : "public") \(key.isRSA ? "RSA" : "not RSA") \(key.bits.map { "\($0)" } ?? "")"
            )
        }
        for failure in contents.unreadable { add("unreadable", failure.code.rawValue) }
    }
}
