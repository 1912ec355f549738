import Basics
import Messages
import TrustList
import X509

/// A trust list read from a file that the user specified.
struct CtlFile {
    let path: String
    let bytes: [UInt8]
    let list: TrustListFile

    init(_ path: String) throws { try self.init(path, Self.read(path)) }

    /// The contents of a file that should be a trust list, unchecked.
    ///
    /// - Parameter limit: of anything else that it may be.
    static func read(_ path: String, limit: Int = TrustListFile.maximumLength + 1) throws -> [UInt8] {
        do throws(FileError) { return try Files.read(path, limit: limit) } catch {
            throw Failure(reading: error, next: localized("Specify the path of a CTLFile.tlv or ITLFile.tlv."))
        }
    }

    /// - Parameter bytes: what the file contains.
    init(_ path: String, _ bytes: [UInt8]) throws {
        (self.path, self.bytes) = (path, bytes)
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
