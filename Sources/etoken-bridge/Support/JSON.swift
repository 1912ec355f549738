import Basics
import Messages

/// A result for programs: its contents, and the version of its format.
struct Document<Body: Encodable>: Encodable {
    let body: Body

    private enum Key: String, CodingKey { case schema }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode("etoken-bridge/1", forKey: .schema)
        try body.encode(to: encoder)
    }
}

/// What went wrong with one of several things, within the document of a command that continued.
struct ErrorDocument: Encodable {
    let code: String
    let text: LocalizableText
    let next: [LocalizableText]

    init(_ error: any Error) {
        let failure = Failure(describing: error)
        (code, text, next) = (failure.code, failure.what, [failure.next].compactMap(\.self))
    }
}

/// The output of a command that failed before it had anything to report.
struct FailureDocument: Encodable {
    struct Error: Encodable {
        let status: Int32
        let code: String
        let text: LocalizableText
        let next: [LocalizableText]
        let causes: [LocalizableText]
    }

    let error: Error

    init(_ failure: Failure) {
        error = Error(
            status: failure.status, code: failure.code, text: failure.what, next: [failure.next].compactMap(\.self),
            causes: failure.causes)
    }
}
