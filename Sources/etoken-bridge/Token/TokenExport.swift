import ArgumentParser
import Certificates
import Files
import Tokens

struct TokenExport: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case pem, der
    }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Export a token's certificate.",
        discussion: """
            An existing file is never overwritten.

            Example:
              etoken-bridge token export SAST-ADN008580ef
              etoken-bridge token export SAST-ADN008580ef --format der --output /tmp/certificates/
              etoken-bridge token export SAST-ADN008580ef --output - | openssl x509 -text
            """)

    @Argument(help: "The token: its label, its serial number, or a PKCS#11 URI (RFC 7512).")
    var token: String

    @Option(help: "pem or der.")
    var format = Format.pem

    @Option(
        name: .shortAndLong,
        help: "A file, a folder (the file is named after the token: .pem, or .cer for DER), or - for stdout.",
        completion: .file())
    var output = "."

    @OptionGroup var module: ModuleOptions
    @OptionGroup var common: CommonOptions

    private struct Exported: Encodable { let token, file, format, sha1: String }

    func validate() throws {
        if output == "-" && common.json { throw ValidationError("--json and --output - both want stdout.") }
    }

    func run() throws {
        let named = try NamedToken(token, in: module.finder())
        let certificate = named.stored.certificate
        let bytes = format == .pem ? Array(certificate.pem.utf8) : certificate.der
        if output == "-" {
            Terminal.write(bytes, to: 1)
            return
        }
        let path = output.hasSuffix("/") || Files.isFolder(output) ? try pathInFolder(named.label) : output
        do {
            try Files.write(bytes, to: path, permissions: 0o644, replacing: false)
        } catch {
            throw Failure(
                Status.failed, "The certificate of token \(named.label) cannot be written to \(path): \(error.cause).",
                next: error.code == .exists ? "Name another file with --output; nothing is overwritten." : nil)
        }
        if common.json {
            try Terminal.json(
                Exported(token: named.label, file: path, format: format.rawValue, sha1: certificate.sha1.hex))
        } else {
            Terminal.out("\(path)  SHA-1 \(certificate.sha1.hex)")
        }
    }

    private func pathInFolder(_ label: String) throws -> String {
        let folder = output.hasSuffix("/") ? String(output.dropLast()) : output
        guard folder.isEmpty || Files.isFolder(folder) else {
            throw Failure(
                Status.notThere, "The folder \(folder) does not exist.", next: "Make it first: mkdir \(folder)")
        }
        let name = label.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        return "\(folder)/\(String(name)).\(format == .pem ? "pem" : "cer")"
    }
}
