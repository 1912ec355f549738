import Basics
import Messages
import X509

/// A trust list: CTLFile.tlv or ITLFile.tlv.
///
/// Decoding keeps every element in place, so that encoding an unmodified file always returns the same bytes. Source:
/// docs/trust-list-format.md.
public struct TrustListFile: Hashable, Sendable {
    /// The maximum length of a file, in bytes. Files seen in the field are a few kilobytes to some tens of kilobytes.
    public static let maximumLength = 1 << 20

    public let header: Header
    public let records: [Record]

    /// The file with only some of its records, to reason about it: its signature no longer matches.
    public func keeping(_ isKept: (Record) -> Bool) -> TrustListFile {
        TrustListFile(header: header, records: records.filter(isKept))
    }

    /// The file with other records, to reason about a file that does not exist yet: its signature does not match.
    public func with(records: [Record]) -> TrustListFile { TrustListFile(header: header, records: records) }

    init(header: Header, records: [Record]) {
        self.header = header
        self.records = records
    }

    /// Reads a trust list.
    ///
    /// - Parameter bytes: the whole file.
    /// - Throws: ``TrustListError`` with the offset of the first error, from which a phone could not continue.
    public init(decoding bytes: [UInt8]) throws(TrustListError) {
        guard !bytes.isEmpty else { throw TrustListError(.empty, at: 0, localized("the file is empty")) }
        guard bytes.count <= Self.maximumLength else {
            throw TrustListError(
                .tooLarge, at: nil,
                localized("the file is \(bytes.count) bytes long; the limit is \(Self.maximumLength)"))
        }
        header = try Self.decodeHeader(bytes)
        var records: [Record] = []
        var offset = header.length
        while offset < bytes.count {
            let record = try Self.decodeRecord(bytes, at: offset, number: records.count + 1)
            records.append(record)
            offset += record.length
        }
        self.records = records
    }

    /// The length in bytes.
    public var length: Int { records.reduce(header.length) { $0 + $1.length } }

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(length)
        output += header.elements.bytes
        for record in records { output += record.elements.bytes }
        return output
    }

    /// What is signed: the whole file with the SIGNATURE element (tag, length, value) cut out.
    public func signedMessage() -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(length)
        forEachSignedPiece { output += $0 }
        return output
    }

    /// The same in pieces, none of which is copied.
    private func forEachSignedPiece(_ body: (ArraySlice<UInt8>) -> Void) {
        let (before, after) = header.signedPieces
        body(before)
        body(after)
        for record in records { body(record.elements.bytes) }
    }

    /// The record of the certificate that signed this list, if the list itself contains it with the role SAST.
    public var signerRecord: Record? {
        records.first {
            $0.role == .sast && $0.names(issuer: header.caName, serialNumber: header.serialNumber)
        }
    }

    /// Whether the list's signature was made with the key of this certificate.
    ///
    /// - Throws: ``CertificateError`` if the key is not RSA.
    public func isSigned(by certificate: Certificate) throws(CertificateError) -> Bool {
        try certificate.publicKey.isValid(signature: header.signatureBytes, digest: header.digest) { message in
            forEachSignedPiece { message.update($0) }
        }
    }

    /// Whether this is an Identity Trust List, by the file's own name inside it.
    public var isITL: Bool { header.fileName.hasPrefix("ITL") }
}

extension TrustListFile {
    private static func decodeHeader(_ bytes: [UInt8]) throws(TrustListError) -> Header {
        guard bytes[0] == Header.Tag.version else {
            throw TrustListError(
                .notATrustList, at: 0,
                localized("a trust list starts with field 1 (VERSION); this file starts with byte \(bytes[0])"))
        }
        var reader = ElementReader(bytes, from: 0, to: bytes.count, in: .header, containers: Header.Tag.containers)
        var seen = SeenTags()
        var declaredLength: Int?
        var openContainers: [(tag: UInt8, start: Int, end: Int)] = []

        while !reader.isAtEnd {
            let element = try reader.next()
            let start = element.start
            try seen.insert(element, in: .header)

            if element.kind == .container { openContainers.append((element.tag, start, element.value.upperBound)) }
            // A container must end where an element ends, and inside the container around it.
            for container in openContainers where reader.offset > container.end {
                throw TrustListError(
                    .badLength, at: container.start,
                    localized("header field \(container.tag) ends at byte \(container.end), inside another field"))
            }
            openContainers.removeAll { $0.end == reader.offset }

            if element.tag == Header.Tag.headerLength {
                guard element.value.count == 2 else {
                    throw TrustListError(
                        .badLength, at: start,
                        localized("HEADERLENGTH must be 2 bytes long, but is \(element.value.count)"))
                }
                let length = bytes[element.value].bigEndian(as: Int.self)
                guard length >= reader.offset, length <= bytes.count else {
                    throw TrustListError(
                        .badLength, at: start,
                        localized(
                            "HEADERLENGTH is \(length); the header cannot end there in a file of \(bytes.count) bytes"))
                }
                declaredLength = length
                reader.end = length
            }
        }
        guard let declaredLength else {
            throw TrustListError(.missingField, at: 0, localized("the header has no field 2 (HEADERLENGTH)"))
        }
        if let open = openContainers.first {
            throw TrustListError(
                .badLength, at: open.start,
                localized("header field \(open.tag) ends at byte \(open.end), past the header"))
        }
        return try Header(checked: bytes[..<declaredLength], seen)
    }

    private static func decodeRecord(
        _ bytes: [UInt8], at start: Int, number: Int
    ) throws(TrustListError) -> Record {
        let part = Part.record(number)
        guard bytes.count - start >= 5 else {
            throw TrustListError(
                .truncated, at: start, localized("\(part.name) ends after \(bytes.count - start) bytes"))
        }
        guard bytes[start] == Record.Tag.recordLength, bytes[start + 1] == 0, bytes[start + 2] == 2 else {
            throw TrustListError(
                .badValue, at: start,
                localized(
                    "\(part.name) must start with field 1 (RECORDLENGTH), 2 bytes long; it starts with byte \(bytes[start])"
                )
            )
        }
        let length = bytes[start + 3...start + 4].bigEndian(as: Int.self)
        guard length >= 5 else {
            throw TrustListError(
                .badLength, at: start, localized("\(part.name) says it is \(length) bytes long; its own header takes 5")
            )
        }
        guard length <= bytes.count - start else {
            throw TrustListError(
                .truncated, at: start,
                localized(
                    "\(part.name) says it is \(length) bytes long, but the file ends after \(bytes.count - start)"))
        }
        var reader = ElementReader(bytes, from: start, to: start + length, in: part)
        var seen = SeenTags()
        while !reader.isAtEnd {
            let element = try reader.next()
            try seen.insert(element, in: part)
            if element.tag == Record.Tag.function, element.value.count != 2 {
                throw TrustListError(
                    .badLength, at: element.start,
                    localized("FUNCTION of \(part.name) must be 2 bytes long, but is \(element.value.count)")
                )
            }
        }
        return Record(elements: Elements(checked: bytes[start..<start + length]))
    }
}
