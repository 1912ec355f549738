import Glibc

/// A language that the program speaks.
public enum Language: Sendable {
    case english, german

    /// The language of the locale in which the program was started.
    public static let current = Language { name in getenv(name).map { String(cString: $0) } }

    /// The language that the environment requests: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set
    /// (POSIX.1-2017, 8.2), overridden by GNU's `LANGUAGE`, a list. English if there is no translation.
    init(variable: (String) -> String?) {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty } ?? "C"
        let code = locale.prefix { $0 != "." && $0 != "@" }
        // As in gettext: the C locale means no translation, whatever LANGUAGE says.
        guard code != "C", code != "POSIX" else {
            self = .english
            return
        }
        let wanted = (variable("LANGUAGE") ?? "").split(separator: ":") + [code]
        self =
            wanted.lazy.compactMap { Self(code: $0.prefix { $0 != "_" && $0 != "." && $0 != "@" }) }.first ?? .english
    }

    /// The code of ISO 639-1.
    public var code: String {
        switch self {
        case .english: "en"
        case .german: "de"
        }
    }

    private init?(code: Substring) {
        switch code {
        case "en": self = .english
        case "de": self = .german
        default: return nil
        }
    }
}
