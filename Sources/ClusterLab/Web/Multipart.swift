/// Reads multipart/form-data (RFC 7578), strictly.
struct Multipart: Sendable {
    struct Part: Sendable {
        var name: String
        var fileName: String?
        var content: [UInt8]
    }

    let parts: [Part]

    /// The first part of that name.
    func part(_ name: String) -> Part? { parts.first { $0.name == name } }
    func text(_ name: String) -> String? { part(name).map { String(decoding: $0.content, as: UTF8.self) } }

    /// Nil if the body does not match its type.
    init?(contentType: String?, body: [UInt8]) {
        guard let contentType, contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = Self.parameter("boundary", of: contentType), !boundary.isEmpty, boundary.utf8.count <= 70
        else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        let separator = Array("\r\n".utf8) + delimiter
        guard body.starts(with: delimiter) else { return nil }
        var parts: [Part] = []
        var position = delimiter.count
        while true {
            if body[position...].starts(with: Array("--".utf8)) { break }
            guard body[position...].starts(with: Array("\r\n".utf8)),
                let head = Self.find(Array("\r\n\r\n".utf8), in: body, from: position + 2),
                let end = Self.find(separator, in: body, from: head + 4),
                let part = Self.part(head: body[(position + 2)..<head], content: body[(head + 4)..<end])
            else { return nil }
            parts.append(part)
            position = end + separator.count
        }
        self.parts = parts
    }

    private static func part(head: ArraySlice<UInt8>, content: ArraySlice<UInt8>) -> Part? {
        for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
            let pair = line.split(separator: ":", maxSplits: 1)
            guard pair.count == 2, pair[0].lowercased() == "content-disposition" else { continue }
            let value = String(pair[1].drop { $0 == " " })
            guard value.lowercased().hasPrefix("form-data"), let name = parameter("name", of: value) else { return nil }
            return Part(name: name, fileName: parameter("filename", of: value), content: Array(content))
        }
        return nil
    }

    /// A parameter of a header's value, quoted or not.
    private static func parameter(_ name: String, of value: String) -> String? {
        for piece in value.split(separator: ";").dropFirst() {
            let pair = piece.drop { $0 == " " }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, pair[0].lowercased() == name else { continue }
            var text = pair[1][...]
            while text.last == " " { text.removeLast() }
            if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
            return String(text)
        }
        return nil
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        var position = start
        let last = bytes.count - pattern.count
        while position <= last {
            if bytes[position] == pattern[0], bytes[position..<(position + pattern.count)].elementsEqual(pattern) {
                return position
            }
            position += 1
        }
        return nil
    }
}
