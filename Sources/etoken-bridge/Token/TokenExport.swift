import ArgumentParser
import Basics
import Messages
import Tokens
import X509

struct TokenExport: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case pem, der

        /// The suffixes that SafeNet's client uses for exports.
        var suffix: String { self == .pem ? "pem" : "cer" }
    }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: localized("Export the certificates of tokens."),
        discussion: localized(
            """
            One certificate of the specified token, or with --all every certificate of every token. Files are named \
            after the token (SAST-ADN0054f509.cer; if it contains several, the id follows), or after the certificate if \
            several tokens have the same label. An existing file is not overwritten.

            Example:
              etoken-bridge token export SAST-ADN008580ef
              etoken-bridge token export --all --format der --output /tmp/certificates/
              etoken-bridge token export SAST-ADN008580ef --output - | openssl x509 -text
            """))

    @Argument(
        help: .localized(
            "The token: its label, its serial number, the name of its certificate, or a PKCS#11 URI (RFC 7512)."))
    var token: String?

    @Flag(help: .localized("All certificates: of the specified token, or of every token found."))
    var all = false

    @Option(help: .localized("pem or der."))
    var format = Format.pem

    @Option(
        name: .shortAndLong,
        help: .localized(
            "A file, a folder (the file is named after the token: .pem, or .cer for DER), or - for stdout.",
            valueName: "file"),
        completion: .file())
    var output = "."

    @Flag(help: .localized("Overwrite existing files."))
    var force = false

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Exported: Encodable { let token, id, file, format, sha1: String }
    private struct List: Encodable { let files: [Exported] }

    func validate() throws {
        if token == nil && !all { throw ValidationError(localized("Specify a token, or use --all.")) }
        if output == "-" && (common.json || all) {
            throw ValidationError(localized("--output - is for one certificate, and not together with --json."))
        }
    }

    func run() throws {
        let certificates = try chosen()
        if output == "-" {
            for item in certificates { Terminal.write(bytes: bytes(item.stored.certificate), to: Terminal.results) }
            return
        }
        let isFolder = all || output.hasSuffix("/") || Files.isFolder(output)
        let files = try certificates.map { item in
            (item, path: isFolder ? try pathInFolder(item.name) : output)
        }
        // All or nothing: existing files are detected before anything is written.
        for (_, path) in files where !force && Files.exists(path) { throw Failure(overwriting: path, hasForce: true) }
        guard Set(files.map(\.path)).count == files.count else {
            throw Failure(
                Status.failed,
                localized("Two of the tokens have the same label, so their files would have the same name."),
                next: localized("Export each one separately, by its serial number, with --output FILE."))
        }
        var exported: [Exported] = []
        for (item, path) in files {
            do {
                try Files.write(bytes(item.stored.certificate), to: path, permissions: 0o644, replacing: force)
            } catch {
                throw failure(item.name, path, error.reason)
            }
            exported.append(
                Exported(
                    token: item.label, id: item.stored.id.hex, file: path, format: format.rawValue,
                    sha1: item.stored.certificate.sha1.hex))
        }
        if common.json {
            try Terminal.json(List(files: exported))
        } else {
            for file in exported { Terminal.out("\(file.file.visible)  SHA-1 \(file.sha1)") }
        }
    }

    private struct Item {
        let label: String
        /// Of the file, without its suffix.
        let name: String
        let stored: StoredCertificate
    }

    private func chosen() throws -> [Item] {
        let finder = try module.finder()
        guard all else {
            let named = try NamedToken(token ?? "", in: finder)
            let labels = ((try? finder.scan())?.tokens ?? []).map(\.info.plainLabel)
            return [
                Item(
                    label: named.label,
                    name: name(of: named.stored, on: named.token, isShared: labels.count { $0 == named.label } > 1),
                    stored: named.stored)
            ]
        }
        // A token that cannot be read does not prevent the others from being exported, unless it is the one that was
        // specified.
        let tokens: [Token]
        var failures: [TokenError] = []
        if let token {
            tokens = [try finder.token(named: TokenName(token))]
        } else {
            (tokens, failures) = try finder.scan()
        }
        let labels = tokens.map(\.info.plainLabel)
        var items: [Item] = []
        var used: [String: Int] = [:]
        for token in tokens {
            let contents: TokenContents
            do throws(TokenError) {
                contents = try token.contents()
                failures += contents.unreadable
            } catch {
                guard self.token == nil else { throw error }
                failures.append(error)
                continue
            }
            let certificates = contents.certificates
            let label = token.info.plainLabel
            let isShared = labels.count { $0 == label } > 1
            for stored in certificates {
                var name = certificates.count == 1 ? label : "\(label)-\(stored.id.hex)"
                if isShared { name = self.name(of: stored, on: token, isShared: true) }
                // Two certificates of one id: some cards have them in pairs.
                used[name, default: 0] += 1
                if let count = used[name], count > 1 { name += "-\(count)" }
                items.append(Item(label: label, name: name, stored: stored))
            }
        }
        guard !items.isEmpty || failures.isEmpty else { throw failures[0] }
        for failure in failures { Terminal.note(localized("Skipped: \(failure)")) }
        guard !items.isEmpty else {
            throw Failure(
                Status.notThere, localized("None of the tokens found contains a certificate."),
                next: localized("Insert one, then: etoken-bridge token list"))
        }
        return items
    }

    /// What its file is called. SafeNet's tokens are often all called `eToken`: then the certificate's name tells them apart;
    /// as it does where the user specified the token by it.
    private func name(of stored: StoredCertificate, on token: Token, isShared: Bool) -> String {
        let label = token.info.plainLabel
        let name = stored.certificate.subject.value(of: "CN")?.trimmed
        if let name, self.token?.lowercased() == name.lowercased() { return name }
        return isShared ? name ?? "\(label)-\(token.info.serialNumber)" : label
    }

    private func bytes(_ certificate: Certificate) -> [UInt8] {
        format == .pem ? Array(certificate.pem.utf8) : certificate.der
    }

    private func failure(_ name: String, _ path: String, _ cause: String) -> Failure {
        Failure(
            Status.failed, localized("The certificate of token \(name) cannot be written to \(path): \(cause)."),
            next: localized("Check the path and its permissions."))
    }

    private func pathInFolder(_ label: String) throws -> String {
        let folder = output.hasSuffix("/") ? String(output.dropLast()) : output
        guard folder.isEmpty || Files.isFolder(folder) else { throw Failure(missingFolder: folder) }
        let name = label.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        return "\(folder)/\(String(name)).\(format.suffix)"
    }
}
