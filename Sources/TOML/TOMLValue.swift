import CTOML
import Messages

/// A value of a TOML document (toml.io, version 1.0).
public enum TOMLValue: Equatable, Sendable {
    case table([String: TOMLValue])
    case array([TOMLValue])
    case string(String)
    case integer(Int64)
    case boolean(Bool)
    /// A number with a fraction, a date or a time: nothing here uses them.
    case other

    /// The longest document that is read, in bytes.
    public static let maximumLength = 1 << 20

    /// Reads a document; its value is a table.
    ///
    /// - Throws: ``TOMLError`` for input that is not TOML, longer than ``maximumLength``, or nested deeper than 32
    ///   values or keys of 32 parts: the depth of the result is bounded, so it can be walked by recursion.
    public init(parsing text: String) throws(TOMLError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw TOMLError(line: 1, column: 1, reason: localized("it is longer than \(Self.maximumLength) bytes"))
        }
        let builder = Builder()
        var visitor = etb_toml_visitor(
            context: Unmanaged.passUnretained(builder).toOpaque(),
            key: { Builder.of($0).keys.append(Builder.text($1, $2)) },
            begin_table: { Builder.of($0).open.append(.init(kind: .table)) },
            begin_array: { Builder.of($0).open.append(.init(kind: .array)) },
            end: { Builder.of($0).end() },
            string: { Builder.of($0).add(.string(Builder.text($1, $2))) },
            integer: { Builder.of($0).add(.integer($1)) },
            boolean: { Builder.of($0).add(.boolean($1)) },
            other: { Builder.of($0).add(.other) })
        var (line, column): (UInt32, UInt32) = (0, 0)
        var message = [CChar](repeating: 0, count: 256)
        var copy = text
        if let tooDeep = copy.withUTF8(KeyDepth.fault(in:)) { throw tooDeep }
        let isRead = withExtendedLifetime(builder) {
            copy.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    etb_toml_parse($0.baseAddress, $0.count, &visitor, &line, &column, &message, message.count)
                }
            }
        }
        guard isRead, let root = builder.root else {
            let reason = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw TOMLError(
                line: Int(line), column: Int(column),
                reason: !reason.isEmpty
                    ? .verbatim(reason) : localized("unexpected bracket, comma or key"))
        }
        self = root
    }

    public var table: [String: TOMLValue]? { if case .table(let value) = self { value } else { nil } }
    public var array: [TOMLValue]? { if case .array(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
}

/// Why a text is not TOML.
public struct TOMLError: UserError, Equatable, Sendable {
    public enum Code: String, Sendable { case malformed = "not-toml" }

    /// From 1.
    public let line: Int
    /// From 1.
    public let column: Int
    public let reason: LocalizableText

    public init(line: Int, column: Int, reason: LocalizableText) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    public var code: Code { .malformed }
    public var text: LocalizableText { localized("The document cannot be read: \(clause).") }
    public var clause: LocalizableText { localized("line \(line), column \(column): \(reason)") }
}

/// Assembles what the visitor is told.
private final class Builder {
    enum Kind { case table, array }

    /// An unfinished table or array. Not a ``TOMLValue``: adding to the payload of an enum copies it each time.
    struct Open {
        let kind: Kind
        var entries: [String: TOMLValue] = [:]
        var elements: [TOMLValue] = []
    }

    /// The innermost comes last.
    var open: [Open] = []
    /// The keys to which the following values belong, the innermost last.
    var keys: [String] = []
    var root: TOMLValue?

    static func of(_ context: UnsafeMutableRawPointer?) -> Builder {
        Unmanaged<Builder>.fromOpaque(context!).takeUnretainedValue()
    }

    static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }

    func add(_ value: TOMLValue) {
        guard let innermost = open.indices.last else {
            root = value
            return
        }
        switch open[innermost].kind {
        case .table: open[innermost].entries[keys.removeLast()] = value
        case .array: open[innermost].elements.append(value)
        }
    }

    func end() {
        let closed = open.removeLast()
        switch closed.kind {
        case .table: add(.table(closed.entries))
        case .array: add(.array(closed.elements))
        }
    }
}
