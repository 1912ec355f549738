import X509

/// What a PKCS#11 module and the smart card service say about a token: lines of a name and a value.
public enum TokenAnswers {
    /// Values that someone chose.
    private static let names: Set<String> = ["label", "serial", "certificate label", "key label"]
    /// The kind of card, not the card.
    private static let kept: Set<String> = ["atr"]

    static func exchange(_ lines: [(name: String, value: String)]) -> Exchange {
        let text = lines.map { "\($0.name): \($0.value)\n" }.joined()
        return Exchange(.token, node: "token", question: "CK_TOKEN_INFO, objects, ATR", answer: Array(text.utf8))
    }

    static func facts(_ answer: [UInt8]) throws -> [Fact] {
        var facts: [Fact] = []
        for line in parts(answer) {
            let name = String(decoding: answer[line.name], as: UTF8.self)
            let value = String(decoding: answer[line.value], as: UTF8.self)
            if name == "certificate", let certificate = try? Certificate(pem: Self.lines(value)) {
                facts += Understanding.facts(of: certificate)
            } else if !kept.contains(name) {
                facts.append(Fact(name, value, names.contains(name) ? .data : .prose))
            }
        }
        guard !facts.isEmpty else { throw Understanding.Problem("it has no lines of a name and a value") }
        return facts
    }

    /// A block of PEM that is on one line.
    private static func lines(_ block: String) -> String {
        block.replacing("CERTIFICATE-----", with: "CERTIFICATE-----\n").replacing("-----END", with: "\n-----END")
    }

    static func disguise(_ patch: inout Patch, _ pseudonyms: Pseudonyms) {
        for line in parts(patch.bytes) {
            let name = String(decoding: patch.bytes[line.name], as: UTF8.self)
            if kept.contains(name) {
                patch.keep(line.value)
            } else {
                pseudonyms.scan(&patch, line.value, names.contains(name) ? .data : .prose)
            }
        }
    }

    private static func parts(_ bytes: [UInt8]) -> [(name: Range<Int>, value: Range<Int>)] {
        var parts: [(name: Range<Int>, value: Range<Int>)] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            if let colon = bytes[start..<end].firstIndex(of: UInt8(ascii: ":")), colon + 1 < end {
                parts.append((start..<colon, min(colon + 2, end)..<end))
            }
            start = end + 1
        }
        return parts
    }
}
