import Basics
import Messages
import TrustList
import X509

/// A trust list read from a file that the user specified.
struct CtlFile {
    let path: String
    let bytes: [UInt8]
    let list: TrustListFile

    init(_ path: String) throws {
        self.path = path
        do {
            bytes = try Files.read(path, limit: TrustListFile.maximumLength + 1)
        } catch {
            throw Failure(
                error.code == .notFound ? Status.notThere : Status.failed,
                localized("\(path) cannot be read: \(error.reason)."), code: error.codeName,
                next: localized("Specify the path of a CTLFile.tlv or ITLFile.tlv."))
        }
        do {
            list = try TrustListFile(decoding: bytes)
        } catch {
            throw Failure(
                Status.verificationFailed, localized("\(path) is not a complete trust list: \(error)."),
                code: error.code.rawValue,
                next:
                    localized(
                        "Fetch the file again from the TFTP server, in binary mode, and compare its length with `show ctl`."
                    ),
                causes: [.verbatim(error.code.rawValue)])
        }
    }
}
