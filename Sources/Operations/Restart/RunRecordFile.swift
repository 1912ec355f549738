import Basics
import Configuration
import Messages

/// A line of the record of a run.
protocol RunRecordLine: Codable {
    /// In the first line only.
    var schema: String? { get }
}

/// The file behind the progress of a run that another run can continue: one JSON document per line, only ever appended to,
/// named after the cluster and the time. The first line says what the run is about.
struct RunRecordFile<Line: RunRecordLine> {
    /// What the first line says the file is.
    let schema: String
    /// What is said of a file that is something else: `x.jsonl is not a restart record`.
    let isForeign: (_ path: String) -> LocalizableText
    /// What another process does that is writing a file.
    let busy: LocalizableText

    /// Creates a file, and returns its path.
    ///
    /// - Throws: `file`.
    func create(
        _ first: Line, of cluster: String, at time: Timestamp, in folder: String, operation: LocalizableText
    ) throws(ClusterError) -> String {
        let stem = "\(folder)/\(Files.name(cluster))-\(time.seconds)"
        var path = stem + ".jsonl"
        var number = 0
        while Files.exists(path) {
            number += 1
            path = "\(stem)-\(number).jsonl"
        }
        do throws(FileError) {
            try Files.makeFolder(folder)
            try Files.write(Self.encode(first), to: path, permissions: 0o600, replacing: false)
        } catch {
            throw ClusterError(error, operation: operation)
        }
        return path
    }

    /// The files of a cluster; those of another one whose name starts the same way may be among them.
    func paths(of cluster: String, in folder: String) -> [String] {
        let prefix = Files.name(cluster) + "-"
        return Files.names(in: folder).filter { $0.hasPrefix(prefix) && $0.hasSuffix(".jsonl") }
            .map { "\(folder)/\($0)" }
    }

    /// Opens a file for appending, and reads it.
    ///
    /// - Returns: the file, and its lines, of which there is at least one.
    /// - Throws: `file`, also if another process is writing it.
    func open(_ path: String, operation: LocalizableText) throws(ClusterError) -> (file: LineFile, lines: [Line]) {
        let opened: (file: LineFile, lines: [ArraySlice<UInt8>])
        do throws(FileError) { opened = try LineFile.open(path, isExclusive: true) } catch {
            throw error.code == .locked
                ? ClusterError(.file, operation: operation, message: busy, cause: error)
                : ClusterError(error, operation: operation)
        }
        return (opened.file, try decode(opened.lines, path, operation: operation))
    }

    /// Reads a file, also while another process is writing it.
    ///
    /// - Returns: its lines; none if only its name survived a crash.
    /// - Throws: `file` if it cannot be read, or is something else.
    func read(_ path: String, operation: LocalizableText) throws(ClusterError) -> [Line] {
        let lines: [ArraySlice<UInt8>]
        do throws(FileError) { lines = try LineFile.lines(of: path) } catch {
            throw ClusterError(error, operation: operation)
        }
        return lines.isEmpty ? [] : try decode(lines, path, operation: operation)
    }

    /// - Returns: at least one line.
    /// - Throws: `file` if a line cannot be read, or if the first one belongs to something else.
    private func decode(
        _ lines: [ArraySlice<UInt8>], _ path: String, operation: LocalizableText
    ) throws(ClusterError) -> [Line] {
        let decoded: [Line]
        do throws(LineError) { decoded = try LineFile.decode(lines, as: Line.self) } catch {
            throw ClusterError(
                .file, operation: operation,
                message: localized(
                    "line \(error.line) of \(path) cannot be read: \(DecodingFailure.text(error.cause))"),
                cause: error.cause)
        }
        guard let first = decoded.first, first.schema == schema else {
            throw foreign(path, operation: operation, found: decoded.first?.schema)
        }
        return decoded
    }

    /// The error for a file that is something else, or empty.
    func foreign(_ path: String, operation: LocalizableText, found: String? = nil) -> ClusterError {
        ClusterError(.file, operation: operation, message: isForeign(path), expected: schema, found: found)
    }

    static func encode(_ line: Line) -> [UInt8] {
        guard let bytes = try? JSON.line(line, userInfo: .keepingTemplates) else {
            preconditionFailure("a line is plain text and numbers")
        }
        return bytes
    }
}
