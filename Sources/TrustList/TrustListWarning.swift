import Messages

/// Something unusual in a trust list that a phone ignores: in a record, by its number from 1, or in the header. Its
/// text is one sentence without a full stop.
public typealias TrustListWarning = Finding<UnusualPart, Int>

/// The kind of what is unusual; stable across releases.
public enum UnusualPart: String, Sendable {
    /// A version other than 1.2.
    case unusualVersion = "unusual-version"
    /// A header or record field that is not known.
    case unknownField = "unknown-field"
    /// A role number that is not known.
    case unknownRole = "unknown-role"
    /// A text without the NUL at its end, with one in the middle, or that is not UTF-8.
    case unusualText = "unusual-text"
    /// A header that does not end on a multiple of 4 bytes.
    case unpaddedHeader = "unpadded-header"
    /// A field with an unusual length.
    case unusualLength = "unusual-length"
    /// A record without a role.
    case missingRole = "missing-role"
    /// A record that has a hash instead of its certificate, or neither.
    case noCertificate = "no-certificate"
    /// A serial number with a sign byte.
    case unusualSerialNumber = "unusual-serial-number"
    /// A file whose own name is neither that of a CTL file nor that of an ITL file, extended or not.
    case unusualFileName = "unusual-file-name"
}

extension TrustListWarning {
    public var clause: LocalizableText {
        subject.map { localized("record \($0): \(text)") } ?? localized("header: \(text)")
    }

    /// The same as a sentence.
    public var sentence: LocalizableText {
        subject.map { localized("Record \($0): \(text).") } ?? localized("Header: \(text).")
    }
}

extension TrustListFile {
    /// Everything unusual in this list, in file order.
    public var warnings: [TrustListWarning] {
        var found: [TrustListWarning] = []
        func warn(_ code: TrustListWarning.Code, _ text: LocalizableText, record: Int? = nil) {
            found.append(TrustListWarning(code: code, severity: .warning, subject: record, text: text))
        }
        func check(texts tags: [UInt8], of elements: Elements, record: Int? = nil) {
            for tag in tags {
                guard let bytes = elements.bytes(tag) else { continue }
                if bytes.last != 0 {
                    warn(.unusualText, localized("field \(tag) has no NUL at its end"), record: record)
                } else if bytes.dropLast().contains(0) {
                    warn(.unusualText, localized("field \(tag) has a NUL in the middle"), record: record)
                } else if !isUTF8(bytes) {
                    warn(.unusualText, localized("field \(tag) is not UTF-8"), record: record)
                }
            }
        }

        if header.version != (1, 2) {
            warn(.unusualVersion, localized("version \(header.version.major).\(header.version.minor) instead of 1.2"))
        }
        for element in header.elements where !Header.Tag.known.contains(element.tag) {
            warn(.unknownField, localized("field \(element.tag) is not known"))
        }
        check(texts: [Header.Tag.signerName, Header.Tag.caName, Header.Tag.fileName], of: header.elements)
        if header.length % 4 != 0 {
            warn(.unpaddedHeader, localized("its length \(header.length) is not a multiple of 4"))
        }
        // Newer phones ask for an extended ITL file as well.
        if !["CTLFile.tlv", "ITLFile.tlv", "ITLEXTFile.tlv"].contains(header.fileName) {
            warn(.unusualFileName, localized("the file calls itself \"\(header.fileName)\""))
        }
        if header.serialNumber.first == 0, header.serialNumber.count > 1 {
            warn(.unusualSerialNumber, localized("the serial number starts with a zero byte"))
        }
        for (index, record) in records.enumerated() {
            let number = index + 1
            for element in record.elements where !Record.Tag.known.contains(element.tag) {
                warn(.unknownField, localized("field \(element.tag) is not known"), record: number)
            }
            check(
                texts: [Record.Tag.dnsName, Record.Tag.subjectName, Record.Tag.issuerName], of: record.elements,
                record: number)
            if let role = record.role {
                if !Role.known.contains(role) {
                    warn(.unknownRole, localized("role \(role.rawValue) is not known"), record: number)
                }
            } else {
                warn(.missingRole, localized("it has no role"), record: number)
            }
            if record.certificate == nil {
                warn(
                    .noCertificate,
                    record.certificateHash == nil
                        ? localized("it has no certificate") : localized("it has a hash instead of its certificate"),
                    record: number)
            }
            if let address = record.ipAddress, address.count != 4 {
                warn(
                    .unusualLength, localized("IPADDRESS is \(address.count) bytes long instead of 4"), record: number)
            }
            if let serial = record.serialNumber, serial.first == 0, serial.count > 1 {
                warn(.unusualSerialNumber, localized("the serial number starts with a zero byte"), record: number)
            }
        }
        return found
    }
}

private func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
