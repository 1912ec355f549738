import Basics
import X509

/// What a node prints about a certificate, on its command line or on a web page: the certificate itself, or a description
/// in one of two layouts, CUCM's own and OpenSSL's (docs/cluster-interfaces.md).
package struct CertificateDescription: Sendable {
    /// Nil if it is only described, as trust certificates are.
    package private(set) var certificate: Certificate?
    /// Big-endian, without leading zeros.
    package private(set) var serialNumber: [UInt8]?
    /// As printed.
    package private(set) var issuer: String?
    package private(set) var sha1: [UInt8]?
    /// The end of its validity, as printed.
    package private(set) var notAfter: String?

    package init(_ text: String) {
        if let pem = PEM.certificate(in: text) { certificate = try? Certificate(pem: pem) }
        serialNumber = certificate?.serialNumber
        let lines = text.split(separator: "\n").map(\.trimmed)
        for (index, line) in lines.enumerated() {
            let next = index + 1 < lines.count ? lines[index + 1] : ""
            if serialNumber == nil, let rest = Self.after(["Serial Number:"], in: line) {
                serialNumber = Self.serialNumber(rest.isEmpty ? next : rest)
            }
            if issuer == nil, let rest = Self.after(["Issuer Name:", "Issuer:"], in: line), !rest.isEmpty {
                issuer = rest
            }
            if notAfter == nil, let rest = Self.after(["To:", "Not After :", "Not After:"], in: line) {
                notAfter = rest
            }
            if sha1 == nil, let rest = Self.after(["SHA1 Fingerprint", "SHA-1 Fingerprint"], in: line) {
                let digits = rest.filter(\.isHexDigit)
                if digits.count == 40 { sha1 = [UInt8](hexNumber: digits) }
            }
        }
    }

    /// Hexadecimal digits, possibly with colons; or a small number with the hexadecimal one behind it: `17 (0x11)`.
    private static func serialNumber(_ text: String) -> [UInt8]? {
        let inBrackets = text.firstRange(of: "(0x").map { text[$0.upperBound...].prefix(while: \.isHexDigit) }
        let digits = inBrackets.map(String.init) ?? text.prefix { $0.isHexDigit || $0 == ":" }.filter(\.isHexDigit)
        guard let number = [UInt8](hexNumber: digits)?.drop(while: { $0 == 0 }), !number.isEmpty else { return nil }
        return Array(number)
    }

    private static func after(_ prefixes: [String], in line: String) -> String? {
        prefixes.first(where: line.hasPrefix).map { line.dropFirst($0.count).trimmed }
    }
}
