import Basics

/// The literal in `localized("...")`, which `tools/messages` reads from the source. It is used nowhere else.
public struct MessageLiteral: ExpressibleByStringInterpolation, Sendable {
    let text: LocalizableText

    public init(stringLiteral text: String) {
        self.text = LocalizableText(template: LocalizableText.escaped(text))
    }

    public init(stringInterpolation: StringInterpolation) {
        text = LocalizableText(template: stringInterpolation.template, arguments: stringInterpolation.arguments)
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var template = ""
        var arguments: [LocalizableText.Argument] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            template.reserveCapacity(literalCapacity + 3 * interpolationCount)
            arguments.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { template += LocalizableText.escaped(literal) }

        private mutating func append(_ argument: LocalizableText.Argument) {
            template += "{\(arguments.count)}"
            arguments.append(argument)
        }

        /// A name, or text from others: the same in every language.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            append(.string(value.description))
        }

        public mutating func appendInterpolation(_ value: some BinaryInteger & CustomStringConvertible) {
            append(Int(exactly: value).map { .number($0) } ?? .string(value.description))
        }

        public mutating func appendInterpolation(_ text: LocalizableText) { append(.text(text)) }

        /// An argument of a command that people paste: written so that a POSIX shell hands over exactly this text, no
        /// matter who chose it. As the value of an option, it may begin with a dash.
        public mutating func appendInterpolation(word: String) { append(.word(word)) }

        /// As ``appendInterpolation(word:)``, for a file, which may be called as an option is, also before options.
        public mutating func appendInterpolation(path: String) { append(.word(Shell.path(path))) }

        /// What went wrong, as part of this sentence.
        public mutating func appendInterpolation(_ error: some UserError) { append(.text(error.clause)) }

        public mutating func appendInterpolation(_ error: any Error) {
            append(.text(LocalizableText(describing: error)))
        }

        @available(*, unavailable, message: "say what stands there when there is no value")
        public mutating func appendInterpolation<Value>(_ value: Value?) {}
    }
}
