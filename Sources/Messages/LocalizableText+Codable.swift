import Basics

/// In a document for users and their programs, a text is a string, in the language of the locale. In a file that the
/// program itself reads again (``CodingUserInfoKey/keepsTemplates``) it is an object of its template and arguments, so
/// that it can be shown in the reader's language.
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
        guard encoder.userInfo[.keepsTemplates] as? Bool == true, template != Self.verbatimTemplate else {
            var container = encoder.singleValueContainer()
            try container.encode(localized)
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
        // Read again, it is as written in the command.
        case .word(let word): try container.encode(Shell.word(word))
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

extension CodingUserInfoKey {
    /// Whether texts are encoded so that they can be read in another language later.
    public static let keepsTemplates = CodingUserInfoKey(rawValue: "keepsTemplates")!
}

extension [CodingUserInfoKey: any Sendable] {
    /// For a file that the program itself reads again.
    public static var keepingTemplates: Self { [.keepsTemplates: true] }
}
