import X509
import Basics

/// The files of a PKCS#15 card (PKCS#15 1.1): one PIN, one RSA key, one certificate.
struct PKCS15Files {
    static let root: [UInt16] = [0x3f00]
    /// P2 of VERIFY.
    static let pinReference = 0x81
    private static let application: [UInt16] = [0x3f00, 0x5015]
    private static let identifier: [UInt8] = [0x01]
    private static let pinIdentifier: [UInt8] = [0x01]

    private enum FileID: UInt16 {
        case directory = 0x5031
        case tokenInfo = 0x5032
        case certificate = 0x4301
        case privateKeys = 0x4401
        case certificates = 0x4403
        case pins = 0x4404

        /// The path as PKCS#15 writes it (section 6.1.5).
        var path: [UInt8] {
            DER.sequence(PKCS15Files.octets(PKCS15Files.application + [rawValue]))
        }
    }

    /// File identifiers as an OCTET STRING.
    private static func octets(_ path: [UInt16]) -> [UInt8] {
        DER.octets(path.flatMap { [UInt8](bigEndian: $0) })
    }

    private let contents: [UInt16: [UInt8]]

    init(_ token: TokenContents, maximumPINLength: Int) {
        let label = DER.text(token.label)
        let files: [FileID: [UInt8]] = [
            .directory: DER.element(0xa0, FileID.privateKeys.path) + DER.element(0xa4, FileID.certificates.path)
                + DER.element(0xa8, FileID.pins.path),
            // Section 6.9. The flags: a login is required (1), signatures are possible (2).
            .tokenInfo: DER.sequence(
                DER.integer(0), DER.octets(token.serialNumber), DER.text(token.manufacturer),
                DER.element(0x80, Array(token.label.utf8)), DER.flags(1, 2)),
            // Section 6.8.1. Letters count (0), the PIN is local to the application (1) and set (4); it is text (1).
            .pins: DER.sequence(
                DER.sequence(DER.text("User PIN"), DER.flags(0)), DER.sequence(DER.octets(Self.pinIdentifier)),
                DER.element(
                    0xa1,
                    DER.sequence(
                        DER.flags(0, 1, 4), DER.element(0x0a, [1]), DER.integer(4), DER.integer(maximumPINLength),
                        DER.integer(maximumPINLength), DER.integer(Self.pinReference, tag: 0x80),
                        DER.sequence(Self.octets(Self.application))))),
            // Section 6.3. Private (0); signs (2); sensitive (0), always was (2), never left (3). On CardOS a key is
            // not a file but an object in a folder.
            .privateKeys: DER.sequence(
                DER.sequence(label, DER.flags(0), DER.octets(Self.pinIdentifier)),
                DER.sequence(
                    DER.octets(Self.identifier), DER.flags(2), DER.flags(0, 2, 3), DER.integer(1)),
                DER.element(
                    0xa1,
                    DER.sequence(
                        DER.sequence(Self.octets(Self.application)), DER.integer(token.certificate.publicKey.bits)))),
            // Section 6.6.
            .certificates: DER.sequence(
                DER.sequence(label, DER.flags()), DER.sequence(DER.octets(Self.identifier)),
                DER.element(0xa1, DER.sequence(FileID.certificate.path))),
            .certificate: token.certificate.der,
        ]
        contents = Dictionary(uniqueKeysWithValues: files.map { ($0.key.rawValue, $0.value) })
    }

    func content(of path: [UInt16]) -> [UInt8]? {
        guard path.count == 3, path.starts(with: Self.application) else { return nil }
        return contents[path[2]]
    }

    /// The folder that a path is, or is in.
    func folder(of path: [UInt16]) -> [UInt16] {
        path.count > Self.application.count ? Array(path.dropLast()) : path
    }

    /// What SELECT returns about a file (file control information, ISO 7816-4, section 5.3.3), or nil if there is none.
    func description(of path: [UInt16]) -> [UInt8]? {
        let isFolder = path == Self.root || path == Self.application
        guard isFolder || content(of: path) != nil, let last = path.last else { return nil }
        let size = content(of: path)?.count ?? 0
        return DER.element(
            0x6f,
            DER.element(0x80, [UInt8](bigEndian: UInt16(size))),
            DER.element(0x82, [isFolder ? 0x38 : 0x01]),
            DER.element(0x83, [UInt8](bigEndian: UInt16(last))),
            // Everything may be read; nothing may be changed.
            DER.element(0x86, [0x00] + [UInt8](repeating: 0xff, count: 8)))
    }
}
