import Basics
import X509

/// A parsed name from a trust list.
///
/// Reads every spelling seen in the field: types in either case, joined with `;` or `,`, values in quotes or not, and
/// without the closing quote that is missing in CUCM's token names. Source: docs/trust-list-format.md, "Names".
public struct ParsedName: Hashable, Sendable {
    /// Types in upper case, values without quotes, in the order of the text.
    public let attributes: [DistinguishedName.Attribute]

    /// Parses a text; nil if it is not a list of `type=value`.
    public init?(_ text: String) {
        var attributes: [DistinguishedName.Attribute] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let type = rest[..<equals].trimmed(while: { $0 == " " })
            guard !type.isEmpty, type.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }) else {
                return nil
            }
            rest = rest[rest.index(after: equals)...]
            let value: String
            if rest.first == "\"" {
                value = Self.takeQuoted(&rest)
            } else {
                let end = rest.firstIndex { $0 == ";" || $0 == "," } ?? rest.endIndex
                value = String(rest[..<end])
                rest = rest[end...]
            }
            attributes.append(DistinguishedName.Attribute(type: type.uppercased(), value: value))
            if let separator = rest.first {
                guard separator == ";" || separator == "," else { return nil }
                rest = rest.dropFirst()
                // A separator at the very end means that something is missing after it.
                guard !rest.isEmpty else { return nil }
            }
        }
        guard !attributes.isEmpty else { return nil }
        self.attributes = attributes
    }

    /// Whether one of two names is the other one without the types that CUCM leaves out (domain components, for example).
    static func isSame(_ one: String, _ other: String) -> Bool {
        guard one.utf8.count != other.utf8.count, let one = ParsedName(one), let other = ParsedName(other),
            one.attributes.count != other.attributes.count
        else { return false }
        let (short, long) = one.attributes.count < other.attributes.count ? (one, other) : (other, one)
        return short.attributes == DistinguishedName(long.attributes).inTrustLists.attributes
    }

    /// Whether this is a spelling of a certificate's name: the same types with the same values, in any order, with or
    /// without the types that CUCM leaves out. A value may be a prefix of the certificate's if a comma follows there, as in
    /// CUCM's token names.
    public func spells(_ name: DistinguishedName) -> Bool { spellsAll(of: name) || spellsAll(of: name.inTrustLists) }

    private func spellsAll(of name: DistinguishedName) -> Bool {
        guard attributes.count == name.attributes.count else { return false }
        var left = name.attributes
        for attribute in attributes {
            guard
                let index = left.firstIndex(where: {
                    $0.type == attribute.type
                        && ($0.value == attribute.value || $0.value.hasPrefix(attribute.value + ","))
                })
            else { return false }
            left.remove(at: index)
        }
        return true
    }

    /// Takes a value that starts with a quote. Without a closing one it ends at the next separator, or with the text.
    private static func takeQuoted(_ rest: inout Substring) -> String {
        let body = rest.dropFirst()
        if let close = body.firstIndex(of: "\"") {
            rest = body[body.index(after: close)...]
            return String(body[..<close])
        }
        let end = body.firstIndex { $0 == ";" || $0 == "," } ?? body.endIndex
        rest = body[end...]
        return String(body[..<end])
    }
}
