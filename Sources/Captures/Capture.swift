import Basics
import Messages
import Operations

/// What a cluster, a phone and a token answered, in other names, each response with what the program understood.
///
/// Source: docs/capture.md.
public struct Capture: Codable, Sendable {
    public static let schema = "etoken-bridge-capture/1"
    static let (documentName, snapshotName) = ("capture.json", "snapshot.json")

    public var schema: String
    /// The program's version.
    public var program: String
    public var taken: Timestamp
    /// Of the cluster.
    public var version: String?
    public var securityMode: String?
    /// What the cluster does differently from a usual lab, by the lab's names for it.
    public var manners: [String]
    /// What could not be read, a sentence each.
    public var notes: [String]
    public var exchanges: [Exchange]
    /// For a lab like the cluster.
    public var snapshot: ClusterSnapshot?

    private enum CodingKeys: String, CodingKey {
        case schema, program, taken, version, securityMode, manners, notes, exchanges
    }

    init(
        program: String, taken: Timestamp, version: String?, securityMode: String?, manners: [String], notes: [String],
        exchanges: [Exchange], snapshot: ClusterSnapshot?
    ) {
        schema = Self.schema
        (self.program, self.taken, self.version, self.securityMode) = (program, taken, version, securityMode)
        (self.manners, self.notes, self.exchanges, self.snapshot) = (manners, notes, exchanges, snapshot)
    }

    // MARK: - The file

    /// The bytes of the file.
    ///
    /// - Throws: ``CaptureError`` (`no-gzip`).
    public func archived() throws -> [UInt8] {
        var document = self
        var files: [[UInt8]: String] = [:]
        var answers: [Archive.Entry] = []
        for index in exchanges.indices {
            let (name, answer) = (exchanges[index].fileName, exchanges[index].answer)
            if files[answer] == nil {
                files[answer] = name
                answers.append(Archive.Entry(name, answer))
            }
            document.exchanges[index].file = files[answer]
        }
        var entries = [Archive.Entry(Self.documentName, try JSON.document(document))]
        if let snapshot { entries.append(Archive.Entry(Self.snapshotName, try JSON.document(snapshot))) }
        entries += answers
        do throws(Archive.Fault) { return try Archive(entries).compressed(time: taken.seconds) } catch {
            throw CaptureError(error, "")
        }
    }

    /// Reads a file.
    ///
    /// - Throws: ``CaptureError``; `FileError`.
    public init(file path: String) throws {
        let archive: Archive
        do { archive = try Archive(file: path) } catch let fault as Archive.Fault { throw CaptureError(fault, path) }
        guard let document = archive[Self.documentName] else { throw CaptureError(.notACapture, path) }
        do { self = try JSON.decode(Capture.self, from: document) } catch is DecodingError {
            throw CaptureError(.notACapture, path)
        }
        guard schema == Self.schema else { throw CaptureError(.notACapture, path) }
        for index in exchanges.indices {
            guard let answer = exchanges[index].file.flatMap({ archive[$0] }) else {
                throw CaptureError(.notACapture, path)
            }
            exchanges[index].answer = answer
        }
    }
}

/// A capture could not be written or read.
public struct CaptureError: UserError, Equatable {
    public enum Code: String, Sendable {
        case notACapture = "not-a-capture"
        case tooLarge = "too-large"
        case noGzip = "no-gzip"
        /// A name was found in what was to be written.
        case notDisguised = "not-disguised"
    }

    public let code: Code
    public let path: String
    /// The response in which a name was left.
    let place: String

    init(_ code: Code, _ path: String, place: String = "") { (self.code, self.path, self.place) = (code, path, place) }

    init(_ fault: Archive.Fault, _ path: String) {
        switch fault.code {
        case .notAnArchive: self.init(.notACapture, path)
        case .tooLarge: self.init(.tooLarge, path)
        case .noGzip: self.init(.noGzip, path)
        }
    }

    public var text: LocalizableText {
        switch code {
        case .notACapture: localized("\(path) is not a capture.")
        case .tooLarge: localized("\(path) is larger than any capture.")
        case .noGzip: localized("The program gzip cannot be run.")
        case .notDisguised:
            localized("A name of your cluster would have stayed in the capture (\(place)); nothing was written.")
        }
    }

    public var next: LocalizableText? {
        switch code {
        case .notACapture, .tooLarge: localized("Specify a file that etoken-bridge capture wrote.")
        case .noGzip: localized("Install the package gzip.")
        case .notDisguised: localized("Please report this, without the name.")
        }
    }
}
