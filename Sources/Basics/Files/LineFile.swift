import Glibc

/// A file that only grows, line by line: what was written before a crash is there afterwards, and a line that the crash
/// cut off counts as not written.
public final class LineFile {
    public let path: String
    private let descriptor: Int32

    private init(_ path: String, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { FileLock.release(descriptor) }

    /// The complete lines of a file, without their line feeds; also for a file that another process is writing.
    ///
    /// - Throws: `FileError`; `too-large` beyond 256 MB.
    public static func lines(of path: String) throws(FileError) -> [ArraySlice<UInt8>] {
        whole(try Files.read(path, limit: 1 << 28)).split(separator: 10)
    }

    /// Opens a file for appending. What a crash cut off is removed, so that the next line does not follow an incomplete
    /// one.
    ///
    /// - Parameter isExclusive: whether a second process that opens it gets the error `locked`.
    /// - Returns: the file, and the complete lines that it contains.
    /// - Throws: `FileError`.
    public static func open(
        _ path: String, isExclusive: Bool = false
    ) throws(FileError) -> (file: LineFile, lines: [ArraySlice<UInt8>]) {
        let descriptor = try Files.openOwn(path, O_WRONLY | O_APPEND, for: .write)
        let file = LineFile(path, descriptor)
        guard !isExclusive || FileLock.take(descriptor) else { throw FileError(.lock, path) }
        let bytes = whole(try Files.read(path, limit: 1 << 28))
        guard ftruncate(descriptor, off_t(bytes.count)) == 0 else { throw FileError(.write, path) }
        return (file, bytes.split(separator: 10))
    }

    /// Adds a line, including its line feed. It survives the end of this process at once, and that of the machine after
    /// ``sync()``. Of a line for which there is no room nothing is left.
    public func append(_ line: [UInt8]) throws(FileError) {
        let end = lseek(descriptor, 0, SEEK_END)
        do throws(FileError) { try Files.write(line, descriptor, path) } catch {
            // What was written of it would be the beginning of the next line, and that one could not be read.
            if end >= 0 { _ = ftruncate(descriptor, end) }
            throw error
        }
    }

    /// Returns when everything that was added is on disk.
    public func sync() throws(FileError) {
        guard fdatasync(descriptor) == 0 else { throw FileError(.write, path) }
    }

    private static func whole(_ bytes: [UInt8]) -> ArraySlice<UInt8> { bytes[...(bytes.lastIndex(of: 10) ?? -1)] }
}

/// A complete line of a file that cannot be read: someone else wrote it, or it was damaged on disk.
public struct LineError: Error {
    /// From 1.
    public let line: Int
    /// Usually a `DecodingError`.
    public let cause: any Error
}

extension LineFile {
    /// Reads lines as JSON documents. What follows a line that cannot be read may depend on it, so nothing is skipped.
    ///
    /// - Throws: ``LineError``.
    public static func decode<Line: Decodable>(
        _ lines: [ArraySlice<UInt8>], as type: Line.Type
    ) throws(LineError) -> [Line] {
        var decoded: [Line] = []
        for (index, line) in lines.enumerated() {
            do { decoded.append(try JSON.decode(type, from: line)) } catch {
                throw LineError(line: index + 1, cause: error)
            }
        }
        return decoded
    }
}
