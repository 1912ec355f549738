import Tokens
import ArgumentParser
import Basics
import Glibc
import Messages
import Migration
import TrustList
import X509

extension DigestAlgorithm: ExpressibleByArgument {
    public init?(argument: String) {
        guard let match = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = match
    }

    public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

/// Who signs a trust list, and how.
struct SigningOptions: ParsableArguments {
    @Option(help: .localized("The token that signs: label, serial number or PKCS#11 URI.", valueName: "token"))
    var signWith: String?

    @Option(
        help: .localized(
            "Instead of a token, an unencrypted PEM key: for tests, and for trust lists of Asterisk servers.",
            valueName: "file"),
        completion: .file())
    var key: String?

    @Flag(
        help: .localized(
            "Do not sign, but write what is to be signed into --output: ctl sign signs it on the machine with the token."
        ))
    var request = false

    @Option(
        help: .localized(
            "With --request, who signs: the token's certificate, PEM or DER, as token export writes it.",
            valueName: "file"),
        completion: .file())
    var tokenCertificate: String?

    @Option(
        help: .localized(
            "sha1, sha256 or sha512; default: that of the file that is changed, else sha1, which every phone supports.")
    )
    var digest: DigestAlgorithm?

    @OptionGroup var module: ModuleOptions
    @OptionGroup var pin: PINOptions

    /// Whether any option says who signs.
    var isGiven: Bool { signWith != nil || key != nil || request || tokenCertificate != nil }

    /// Checks that exactly one option says who signs, to be called by the command's own validation.
    func check() throws {
        guard request == (tokenCertificate != nil) else {
            throw ValidationError(localized("--request and --token-certificate FILE belong together."))
        }
        guard [signWith != nil, key != nil, request].count(where: \.self) == 1 else {
            throw ValidationError(
                localized("Specify who signs: --sign-with TOKEN or --key FILE; or --request --token-certificate FILE."))
        }
    }

    /// The token that signs, or nil if a PEM key does.
    func token() throws -> NamedToken? { try signWith.flatMap { try NamedToken.all([$0], module).first } }

    private static func key(_ path: String) throws -> PrivateKey {
        let next: LocalizableText = localized(
            "Specify the path of an unencrypted PEM key, or sign with a token: --sign-with TOKEN")
        do {
            return try PrivateKey(pem: String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self))
        } catch let error as FileError {
            throw Failure(reading: error, next: next)
        } catch let error as CertificateError {
            throw Failure(
                Status.failed, localized("\(path) is not a private key: \(error.reason)."), code: error.code.rawValue,
                next: next, causes: [.verbatim(error.code.rawValue)] + error.details)
        }
    }

    /// Signs the records and writes the list, or writes the request. A token's PIN is asked for last, when everything else
    /// is known to be right.
    ///
    /// - Parameter adding: how the command is told to add a token's record to the list.
    func sign(
        _ records: [Record], fileName: String, replacing old: CtlFile?, token: NamedToken?, to output: OutputOptions,
        json: Bool, adding: (NamedToken) -> LocalizableText
    ) throws {
        let draft = TrustListDraft(
            replacing: old?.list.header, fileName: fileName, at: UInt32(clamping: time(nil)), digest: digest,
            records: records)
        if let tokenCertificate {
            let list = try draft.unsigned(for: readCertificate(tokenCertificate))
            let author = RunAuthor.current
            try output.write(
                SigningRequest(
                    list, replacing: old?.bytes, askedBy: author.who, at: .now, version: author.version), json: json)
        } else {
            try output.write(signed(draft, by: token, adding: adding), json: json)
        }
    }

    private func signed(
        _ draft: TrustListDraft, by token: NamedToken?, adding: (NamedToken) -> LocalizableText
    ) throws -> TrustListFile {
        if let token {
            guard draft.signerRecord(of: token.stored.certificate) != nil else {
                throw Failure(
                    Status.failed, localized("Token \(token.label) has no record in the list, so it cannot sign it."),
                    next: adding(token))
            }
            return try draft.signed(by: token.signer(pin))
        }
        let path = key ?? ""
        let privateKey = try Self.key(path)
        guard let certificate = draft.signer(with: try privateKey.publicKey()) else {
            throw Failure(
                Status.failed, localized("\(path) is not the key of a certificate with the role SAST in the list."),
                next: localized("Add its certificate with --record sast:CERTIFICATE, or specify the right key."))
        }
        return try draft.signed(by: SoftwareSigner(certificate: certificate, key: privateKey))
    }
}

/// Where a trust list is written to.
struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: .localized("The file to write.", valueName: "file"), completion: .file())
    var output: String

    @Flag(help: .localized("Replace an existing file; it is backed up first."))
    var force = false

    /// Refuses early what would otherwise be refused after asking for the PIN.
    func check() throws {
        let folder = output.contains("/") ? String(output[..<(output.lastIndex(of: "/") ?? output.endIndex)]) : "."
        guard folder.isEmpty || Files.isFolder(folder) else { throw Failure(missingFolder: folder) }
        guard force || !Files.exists(output) else { throw Failure(overwriting: output, hasForce: true) }
        try Files.probe(output)
    }

    private struct Written: Encodable {
        let file, md5, sha1: String
        let length: Int
        let backup: String?
    }

    private struct WrittenRequest: Encodable {
        let file, request, message: String
    }

    /// Writes what is to be signed, for the machine with the token.
    func write(_ request: SigningRequest, json: Bool) throws {
        try check()
        let bytes = try JSON.document(RequestFile(request))
        try Files.write(bytes, to: output, permissions: 0o600, replacing: force)
        let written = WrittenRequest(
            file: output, request: Digest.sha256(bytes).hex, message: Digest.sha256(request.list.message).hex)
        if json { return try Terminal.json(written) }
        Terminal.out(localized("The request is in \(output); its SHA-256 is \(written.request)."))
        Terminal.note(
            localized(
                "Where the token is, also without network: etoken-bridge ctl sign \(path: output) --sign-with TOKEN --output ANSWER"
            ))
        Terminal.note(
            localized("Then, here: etoken-bridge ctl sign \(path: output) --signature ANSWER --output CTLFile.tlv"))
    }

    func write(_ list: TrustListFile, json: Bool) throws {
        try check()
        let bytes = list.encoded()
        var backup: String?
        if Files.exists(output) { backup = try StateFolder.standard().backUp(try Files.read(output)) }
        try Files.write(bytes, to: output, permissions: 0o644, replacing: force)
        let written = Written(
            file: output, md5: Digest.md5(bytes).hex, sha1: Digest.sha1(bytes).hex, length: bytes.count, backup: backup)
        if json {
            try Terminal.json(written)
        } else {
            Terminal.out(
                localized(
                    "\(output): \(bytes.count) bytes, MD5 \(written.md5), SHA-1 \(written.sha1), signed by \(list.header.signerName)"
                )
            )
            if let backup { Terminal.out(localized("The previous file was saved as \(backup)")) }
        }
    }
}
