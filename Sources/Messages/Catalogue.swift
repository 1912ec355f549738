import CMessages

/// Translations, by their English templates.
struct Catalogue: Sendable {
    static let german = Catalogue(
        po: UnsafeBufferPointer(start: catalogue_de().bytes, count: catalogue_de().length))

    private var translations: [String: String] = [:]

    subscript(template: String) -> String? { translations[template] }

    /// Reads a PO file (GNU gettext manual, "The Format of PO Files"), restricted to what `tools/messages` writes:
    /// comments, `msgid` and `msgstr` followed by one or more strings. An empty translation counts as missing.
    init(po: some Collection<UInt8>) {
        var original = ""
        var translation = ""
        var isTranslation = false
        for line in po.split(separator: UInt8(ascii: "\n")) {
            guard let quote = line.firstIndex(of: UInt8(ascii: "\"")), line.first != UInt8(ascii: "#") else { continue }
            let text = Self.unescaped(line[line.index(after: quote)...].dropLast())
            if line.starts(with: "msgid".utf8) {
                add(translation, of: original)
                (original, translation, isTranslation) = (text, "", false)
            } else if line.starts(with: "msgstr".utf8) {
                (translation, isTranslation) = (text, true)
            } else if isTranslation {
                translation += text
            } else {
                original += text
            }
        }
        add(translation, of: original)
    }

    private mutating func add(_ translation: String, of original: String) {
        if !original.isEmpty, !translation.isEmpty { translations[original] = translation }
    }

    private static func unescaped(_ text: some Sequence<UInt8>) -> String {
        var output: [UInt8] = []
        var isEscaped = false
        for byte in text {
            if isEscaped {
                output.append(byte == UInt8(ascii: "n") ? 10 : byte == UInt8(ascii: "t") ? 9 : byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
