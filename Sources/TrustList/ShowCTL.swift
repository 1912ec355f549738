import Basics
import Glibc
import X509

/// The text that CUCM's `show ctl` and `show itl` print.
///
/// Source: docs/trust-list-format.md, "What show ctl prints". The BYTEPOS column actually is the tag number, and some
/// names are misspelled; both are kept as CUCM prints them.
public enum ShowCTL {
    /// The text for a file.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - modified: when the file was last changed, in seconds since 1970; printed in the local time zone.
    ///   - spelling: how names in the file are printed, as they may contain characters that a terminal obeys; CUCM
    ///     prints them as they are.
    /// - Throws: ``TrustListError`` if the file cannot be read.
    public static func text(
        of bytes: [UInt8], modified: Int64, spelling: (String) -> String = { $0 }
    ) throws(TrustListError) -> String {
        let file = try TrustListFile(decoding: bytes)
        let kind = file.isITL ? "ITL" : "CTL"
        var lines =
            start(kind, bytes, modified) + [
                "\tParse \(kind) File",
                "\t----------------",
                "",
                "Version:\t\(file.header.version.major).\(file.header.version.minor)",
                "HeaderLength:\t\(file.header.length) (BYTES)",
                "",
            ]
        lines += tableHead + headerRows(file.header, spelling)
        for (index, record) in file.records.enumerated() {
            lines += ["", "\t\(kind) Record #:\(index + 1)", "\t\t  ----"] + tableHead + rows(of: record, spelling)
            if record.role == .sast {
                let used = record.names(issuer: file.header.caName, serialNumber: file.header.serialNumber)
                lines.append("This etoken was \(used ? "" : "not ")used to sign the \(kind) file.")
            }
        }
        let verified = TrustListVerification(of: file, at: modified).signer.map { (try? file.isSigned(by: $0)) == true }
        lines += [
            "",
            verified == true
                ? "The \(kind) file was verified successfully." : "Verification of the \(kind) file failed.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Which list; its name starts the text of both commands.
    public enum Kind: String, Sendable {
        case ctl = "CTL"
        case itl = "ITL"
    }

    /// The text where there is no file. What `show itl` prints in that case is *unconfirmed*.
    public static func absent(_ kind: Kind) -> String {
        let advice = " Please run CTLClient plugin or run the CLI - utils ctl.. to generate the CTL file."
        return "Length of \(kind.rawValue) file: 0\n\(kind.rawValue) File not found.\(kind == .ctl ? advice : "")\n"
            + parseError(kind)
    }

    /// The text for a file that is not a trust list. That checksums and length come first in this case, too, is
    /// *unconfirmed*.
    public static func unreadable(_ kind: Kind, _ bytes: [UInt8], modified: Int64) -> String {
        start(kind.rawValue, bytes, modified).joined(separator: "\n") + "\n" + parseError(kind)
    }

    private static func parseError(_ kind: Kind) -> String { "Error parsing the \(kind.rawValue) File.\n" }

    private static func start(_ kind: String, _ bytes: [UInt8], _ modified: Int64) -> [String] {
        [
            "The checksum value of the \(kind) file:",
            Digest.md5(bytes).hex + "(MD5)",
            Digest.sha1(bytes).hex + "(SHA1)",
            "",
            "Length of \(kind) file: \(bytes.count)",
            "The \(kind) File was last modified on \(date(modified))",
            "",
        ]
    }

    private static let tableHead = ["BYTEPOS\tTAG\t\tLENGTH\tVALUE", "-------\t---\t\t------\t-----"]

    /// Short names are followed by two tabs. Source: the printouts in Cisco's technotes.
    private static let shortNames: Set<String> = ["CANAME", "DNSNAME"]

    private static func row(_ tag: Int, _ name: String, _ length: Int, _ value: String = "") -> String {
        let gap = shortNames.contains(name) ? "\t\t" : "\t"
        return "\(tag)\t\(name)\(gap)\(length)" + (value.isEmpty ? "" : "\t" + value)
    }

    private static func headerRows(_ header: Header, _ spelling: (String) -> String) -> [String] {
        let signerID = [header.signerName, header.caName].reduce(header.serialNumber.count + 9) {
            $0 + $1.utf8.count + 1
        }
        var rows = [
            row(3, "SIGNERID", 2, "\(signerID)"),
            row(4, "SIGNERNAME", header.signerName.utf8.count + 1, spelling(header.signerName)),
            row(5, "SERIALNUMBER", header.serialNumber.count, header.serialNumber.colonHex),
            row(6, "CANAME", header.caName.utf8.count + 1, spelling(header.caName)),
            row(7, "SIGNATUREINFO", 2, "15"),
            row(8, "DIGESTALGORTITHM", 1),
            row(9, "SIGNATUREALGOINFO", 2, "8"),
            row(10, "SIGNATUREALGORTITHM", 1),
            row(11, "SIGNATUREMODULUS", 1),
            row(12, "SIGNATURE", header.signature.count),
        ]
        for start in stride(from: 0, to: header.signature.count, by: 8) {
            // Eight bytes a row, hexadecimal without leading zeros, two spaces between.
            let bytes = header.signature[start..<min(start + 8, header.signature.count)]
            rows.append(bytes.map { String($0, radix: 16) }.joined(separator: "  "))
        }
        rows.append(row(14, "FILENAME", header.fileName.utf8.count + 1))
        rows.append(row(15, "TIMESTAMP", 4))
        return rows
    }

    private static let recordNames: [UInt8: String] = [
        1: "RECORDLENGTH", 2: "DNSNAME", 3: "SUBJECTNAME", 4: "FUNCTION", 5: "ISSUERNAME", 6: "SERIALNUMBER",
        7: "PUBLICKEY", 8: "SIGNATURE", 9: "CERTIFICATE", 10: "IPADDRESS",
        11: "CERTIFICATE HASH", 12: "HASH ALGORITHM",
    ]

    private static func rows(of record: Record, _ spelling: (String) -> String) -> [String] {
        record.elements.compactMap { element in
            guard case .value(let tag, let bytes) = element else { return nil }
            let value =
                switch tag {
                case 1: "\(record.length)"
                case 2: spelling(record.dnsName ?? "")
                case 3: spelling(record.subjectName ?? "")
                case 4: record.role?.name ?? ""
                case 5: spelling(record.issuerName ?? "")
                case 6: bytes.colonHex
                case 9:
                    Digest.sha1(Array(bytes)).map { [$0].hex.uppercased() }.joined(separator: " ") + " (SHA1 Hash HEX)"
                default: ""
                }
            return row(Int(tag), recordNames[tag] ?? "UNKNOWN", bytes.count, value)
        }
    }

    private static func date(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var broken = tm()
        localtime_r(&time, &broken)
        var buffer = [CChar](repeating: 0, count: 64)
        let length = strftime(&buffer, buffer.count, "%a %b %d %H:%M:%S %Z %Y", &broken)
        return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
