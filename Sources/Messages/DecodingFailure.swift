/// Why a JSON document was refused, without type names.
package enum DecodingFailure {
    package static func text(_ error: any Error) -> LocalizableText {
        func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context)?: return localized("\(place(context.codingPath + [key])) is missing")
        case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?:
            return localized("\(place(context.codingPath)) has the wrong type")
        case .dataCorrupted(let context)? where !context.codingPath.isEmpty:
            return localized("\(place(context.codingPath)) has an unknown value")
        default: return localized("it is not a JSON document")
        }
    }
}
