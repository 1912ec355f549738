/// An X.501 name: its attributes in the order of the certificate.
public struct DistinguishedName: Hashable, Sendable {
    /// One attribute, for example type `CN` with value `cucm-pub`.
    public struct Attribute: Hashable, Sendable {
        /// The short name in upper case (`CN`, `OU`, `O`, `L`, `ST`, `C`), or the dotted OID if it has none.
        public let type: String
        public let value: String

        public init(type: String, value: String) {
            self.type = type
            self.value = value
        }
    }

    public let attributes: [Attribute]

    public init(_ attributes: [Attribute]) { self.attributes = attributes }

    /// A name from pairs of type and value, in certificate order.
    public init(_ pairs: KeyValuePairs<String, String>) {
        attributes = pairs.map { Attribute(type: $0.key, value: $0.value) }
    }

    /// The first value of this type, or nil.
    public func value(of type: String) -> String? {
        attributes.first { $0.type == type }?.value
    }

    /// The attributes in trust lists, in this order.
    private static let trustListOrder = ["CN", "OU", "O", "L", "ST", "C"]

    /// The name as trust lists have it: only the six types, in their order.
    ///
    /// *Unconfirmed*: Cisco's technote 213407 shows the name of a Microsoft CA without its domain components, so CUCM
    /// seems to leave out every other type. A name of which nothing would be left keeps all of them. See
    /// docs/trust-list-format.md, "Names".
    package var inTrustLists: DistinguishedName {
        let known = Self.trustListOrder.flatMap { type in attributes.filter { $0.type == type } }
        return known.isEmpty ? self : DistinguishedName(known)
    }

    /// The name as spelled in a trust list.
    ///
    /// Source: docs/trust-list-format.md, "Names".
    public func rendered(_ style: NameStyle) -> String {
        switch style {
        case .cucm:
            inTrustLists.attributes.map { "\($0.type)=\($0.value)" }.joined(separator: ";")
        case .token:
            inTrustLists.attributes.map { "\($0.type.lowercased())=\(Self.tokenValue($0.value))" }.joined(
                separator: ";")
        }
    }

    /// A value as the CTL Client wrote it for a token: quoted if it starts or ends with a space or contains a special
    /// character.
    ///
    /// *Unconfirmed*: real files spell a token's organisation `o="Cisco Systems`, with the opening quote only. This
    /// function assumes a value with a comma (`Cisco Systems, Inc.`) that was quoted and then cut at the comma. A user
    /// with a real token can correct the rule here, in one place; see docs/trust-list-format.md, "Names".
    private static func tokenValue(_ value: String) -> String {
        let special: Set<Character> = [",", "+", "\"", "\\", "<", ">", ";", "#", "="]
        guard value.first == " " || value.last == " " || value.contains(where: special.contains) else { return value }
        if let comma = value.firstIndex(of: ",") { return "\"" + value[..<comma] }
        return "\"" + value + "\""
    }
}

/// How certificate names are spelled in a trust list.
public enum NameStyle: Sendable {
    /// CUCM's own certificates: `CN=cucm-pub;OU=TAC;O=Cisco;L=Krakow;ST=Malopolska;C=PL`.
    case cucm
    /// A token's certificate: `cn="SAST-ADN0054f509        ";ou=IPCBU;o="Cisco Systems`.
    case token
}
