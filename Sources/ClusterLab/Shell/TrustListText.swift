import Certificates
import TrustList

/// What `show ctl` and `show itl` print. Source: docs/trust-list-format.md.
struct TrustListText {
    enum Kind: String {
        case ctl = "CTL"
        case itl = "ITL"

        var fileName: String { rawValue + "File.tlv" }
    }

    let kind: Kind
    /// Nil where there is no file.
    let bytes: [UInt8]?
    /// Seconds since 1970.
    let modified: Int64

    private static let headerTags: [UInt8: String] = [
        3: "SIGNERID", 4: "SIGNERNAME", 5: "SERIALNUMBER", 6: "CANAME", 7: "SIGNATUREINFO", 8: "DIGESTALGORTITHM",
        9: "SIGNATUREALGOINFO", 10: "SIGNATUREALGORTITHM", 11: "SIGNATUREMODULUS", 12: "SIGNATURE", 14: "FILENAME",
        15: "TIMESTAMP",
    ]
    private static let recordTags: [UInt8: String] = [
        1: "RECORDLENGTH", 2: "DNSNAME", 3: "SUBJECTNAME", 4: "FUNCTION", 5: "ISSUERNAME", 6: "SERIALNUMBER",
        7: "PUBLICKEY", 8: "SIGNATURE", 9: "CERTIFICATE", 10: "IPADDRESS", 11: "CERTIFICATE HASH", 12: "HASH ALGORITHM",
    ]

    var lines: [String] {
        guard let bytes else {
            return [
                "Length of \(kind.rawValue) file: 0",
                kind == .ctl
                    ? "CTL File not found. Please run CTLClient plugin or run the CLI - utils ctl.. to generate the CTL file."
                    : "ITL File not found.",
                "Error parsing the \(kind.rawValue) File.",
            ]
        }
        var lines = [
            "The checksum value of the \(kind.rawValue) file:", "\(Digest.md5(bytes).hex)(MD5)",
            "\(Digest.sha1(bytes).hex)(SHA1)", "", "Length of \(kind.rawValue) file: \(bytes.count)",
            "The \(kind.rawValue) File was last modified on \(Clock.cucm(modified))", "",
        ]
        guard let list = try? TrustListFile(decoding: bytes) else {
            return lines + ["Error parsing the \(kind.rawValue) File."]
        }
        lines += ["Parse \(kind.rawValue) File", "----------------", ""] + header(list)
        for (index, record) in list.records.enumerated() { lines += self.record(record, index + 1, list) }
        return lines + [
            "",
            isVerified(list)
                ? "The \(kind.rawValue) file was verified successfully."
                : "Verification of the \(kind.rawValue) file failed.",
        ]
    }

    private func header(_ list: TrustListFile) -> [String] {
        var lines =
            [
                "Version:\t\(list.header.version.major).\(list.header.version.minor)",
                "HeaderLength:\t\(list.header.length) (BYTES)", "",
            ] + Self.columns
        for element in list.header.elements {
            guard let name = Self.headerTags[element.tag] else { continue }
            switch element {
            case .container(let tag, let length): lines.append("\(tag)\t\(name)\t2\t\(length)")
            case .value(let tag, let value): lines += Self.headerField(tag, name, Array(value))
            case .padding: break
            }
        }
        return lines + [""]
    }

    private static func headerField(_ tag: UInt8, _ name: String, _ value: [UInt8]) -> [String] {
        let start = "\(tag)\t\(name)\t\(value.count)"
        switch tag {
        case 4, 6: return [start + "\t" + text(value)]
        case 5: return [start + "\t" + value.colonHex]
        case 12:
            // Eight bytes a row, without leading zeros.
            let rows = stride(from: 0, to: value.count, by: 8).map { offset in
                value[offset..<min(offset + 8, value.count)].map { String($0, radix: 16) }.joined(separator: "  ")
            }
            return [start] + rows
        default: return [start]
        }
    }

    private func record(_ record: Record, _ number: Int, _ list: TrustListFile) -> [String] {
        var lines = ["\(kind.rawValue) Record #:\(number)", "\t  ----"] + Self.columns
        for case .value(let tag, let value) in record.elements {
            lines.append(
                "\(tag)\t\(Self.recordTags[tag] ?? "UNKNOWN")\t\(value.count)\(Self.value(tag, Array(value), record))")
        }
        if record.role == .sast {
            let isSigner = record.names(issuer: list.header.caName, serialNumber: list.header.serialNumber)
            lines.append("This etoken was \(isSigner ? "" : "not ")used to sign the \(kind.rawValue) file.")
        }
        return lines + [""]
    }

    private static func value(_ tag: UInt8, _ bytes: [UInt8], _ record: Record) -> String {
        switch tag {
        case 1: "\t\(record.length)"
        case 2, 3, 5: "\t" + text(bytes)
        case 4: "\t" + (record.role?.name ?? "")
        case 6: "\t" + bytes.colonHex
        case 9: "\t" + Digest.sha1(bytes).map { [$0].hex.uppercased() }.joined(separator: " ") + " (SHA1 Hash HEX)"
        default: ""
        }
    }

    private static let columns = ["BYTEPOS\tTAG\t\tLENGTH\tVALUE", "-------\t---\t\t------\t-----"]

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == 0 ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }

    private func isVerified(_ list: TrustListFile) -> Bool {
        guard let der = list.signerRecord?.certificate, let certificate = try? Certificate(der: der) else {
            return false
        }
        return (try? list.isSigned(by: certificate)) == true
    }
}
