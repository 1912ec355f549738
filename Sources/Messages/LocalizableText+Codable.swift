/// As an object of its template and arguments, so that it can be read in another language later. What is the same in every
/// language is a plain string.
extension LocalizableText: Codable {
    private enum Key: String, CodingKey { case template, arguments }

    public init(from decoder: any Decoder) throws {
        if let words = try? decoder.singleValueContainer().decode(String.self) {
            self = .verbatim(words)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        template = try container.decode(String.self, forKey: .template)
        arguments = try container.decodeIfPresent([Argument].self, forKey: .arguments) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        if template == "{0}", case .string(let words)? = arguments.first {
            var container = encoder.singleValueContainer()
            try container.encode(words)
            return
        }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(template, forKey: .template)
        if !arguments.isEmpty { try container.encode(arguments, forKey: .arguments) }
    }
}

extension LocalizableText.Argument: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else if let words = try? container.decode(String.self) {
            self = .string(words)
        } else {
            self = .text(try container.decode(LocalizableText.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let words): try container.encode(words)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}
