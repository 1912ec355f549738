import ArgumentParser
import Basics
import Messages
import TrustList
import X509

struct CtlShow: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, cucm
    }

    static let configuration = CommandConfiguration(
        commandName: "show", abstract: localized("Print the contents of a trust list file."),
        discussion: localized(
            """
            Example:
              etoken-bridge ctl show CTLFile.tlv
            """))

    @Argument(help: .localized("The file, for example CTLFile.tlv."), completion: .file())
    var file: String

    @Option(help: .localized("table, or cucm: what CUCM's `show ctl` prints."))
    var format = Format.table

    @OptionGroup var common: CommonOptions

    func run() throws {
        let file = try CtlFile(self.file)
        if common.json {
            try Terminal.json(TrustListDocument(file))
        } else if format == .cucm {
            // As CUCM prints it, with tabs; but what certificates and files call themselves is made visible.
            let text = try ShowCTL.text(of: file.bytes, modified: Files.modified(self.file) ?? 0) { $0.visible }
            Terminal.write(bytes: Array(text.utf8), to: Terminal.results)
        } else {
            Terminal.out(table(file))
        }
    }

    private func table(_ file: CtlFile) -> String {
        let header = file.list.header
        var records = Table("#", localized("ROLE"), localized("NAME"), localized("CERTIFICATE"))
        for (index, record) in file.list.records.enumerated() {
            let signs =
                record.role == .sast && record.names(issuer: header.caName, serialNumber: header.serialNumber)
            let serial = record.serialNumber?.colonHex ?? "-"
            records.add(
                "\(index + 1)\(signs ? "*" : "")", record.role?.text ?? "-",
                record.dnsName.map { $0.isEmpty ? localized("(token)").localized : $0 } ?? "-",
                [
                    .verbatim(record.subjectName ?? "-"), localized("serial \(serial)"),
                    localized(
                        "SHA-1 \(record.certificate.map { Digest.sha1($0).hex } ?? "-"), record of \(record.length) bytes"
                    ),
                ].joined(separator: "\n"))
        }
        let text = localized(
            """
            \(header.fileName), \(file.bytes.count) bytes, created \(Timestamp(header.timestamp).shown)
            Signed by  \(header.signerName)
            Issued by  \(header.caName)
            Serial     \(header.serialNumber.colonHex)
            Signature  \(header.digest.name), RSA \(header.modulus.bits)
            MD5        \(Digest.md5(file.bytes).hex)
            SHA-1      \(Digest.sha1(file.bytes).hex)

            \(LocalizableText.lines(records.text))
            * signed this file
            """)
        return ([text] + file.list.warnings.map { localized("warning: \($0.clause)") }).joined(separator: "\n")
            .localized
    }
}

/// A trust list as JSON.
struct TrustListDocument: Encodable {
    struct Signer: Encodable {
        let name, issuer, serialNumber, digest: String
        let modulusBits: Int
    }

    struct Entry: Encodable {
        let number, length: Int
        let role: UInt16?
        let roleName, dnsName, subject, issuer, serialNumber, certificateSHA1: String?
        let ipAddress: String?
        let signed: Bool
    }

    let file, fileName, md5, sha1: String
    let made: Timestamp
    let length, headerLength: Int
    let version: String
    let signer: Signer
    let records: [Entry]
    let warnings: [LocalizableText]

    init(_ file: CtlFile) {
        let header = file.list.header
        self.file = file.path
        fileName = header.fileName
        made = Timestamp(header.timestamp)
        md5 = Digest.md5(file.bytes).hex
        sha1 = Digest.sha1(file.bytes).hex
        length = file.bytes.count
        warnings = file.list.warnings.map(\.clause)
        headerLength = header.length
        version = "\(header.version.major).\(header.version.minor)"
        signer = Signer(
            name: header.signerName, issuer: header.caName, serialNumber: header.serialNumber.hex,
            digest: header.digest.name,
            modulusBits: header.modulus.bits)
        records = file.list.records.enumerated().map { index, record in
            Entry(
                number: index + 1, length: record.length, role: record.role?.rawValue, roleName: record.role?.name,
                dnsName: record.dnsName, subject: record.subjectName, issuer: record.issuerName,
                serialNumber: record.serialNumber?.hex, certificateSHA1: record.certificate.map { Digest.sha1($0).hex },
                ipAddress: record.ipAddress?.map(String.init).joined(separator: "."),
                signed: record.role == .sast
                    && record.names(issuer: header.caName, serialNumber: header.serialNumber))
        }
    }
}
