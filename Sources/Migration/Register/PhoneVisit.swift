import Basics
import Messages

/// Someone has visited phones, and they have held the cluster's file since.
public struct PhoneVisit: Codable, Sendable {
    public let time: Timestamp
    /// `alice@workstation`
    public let who: String
    public let phones: [String]

    private static func path(_ cluster: String, _ state: StateFolder) -> String {
        "\(state.path)/visits/\(Files.name(cluster)).jsonl"
    }

    static func all(of cluster: String, in state: StateFolder) throws -> [PhoneVisit] {
        let path = path(cluster, state)
        guard Files.exists(path) else { return [] }
        let lines = try LineFile.lines(of: path)
        do throws(LineError) { return try LineFile.decode(lines, as: PhoneVisit.self) } catch {
            throw MigrationError(
                .journalUnusable,
                localized(
                    "The list of visits \(path) cannot be used: line \(error.line): \(DecodingFailure.text(error.cause))."
                ),
                next: localized("Check the disk that holds it, or move the file away and report the visits again."))
        }
    }

    /// Takes phones off the register of a cluster, and waits until that is on disk.
    ///
    /// - Parameter who: `alice@workstation`
    /// - Throws: `FileError`; ``MigrationError`` (`busy`) while a change runs.
    public static func report(_ phones: [String], of cluster: String, by who: String, in state: StateFolder) throws {
        let lock = try ClusterLock(cluster, in: state)
        defer { withExtendedLifetime(lock) {} }
        try Files.makeFolder("\(state.path)/visits")
        let path = path(cluster, state)
        if !Files.exists(path) { try Files.write([], to: path, permissions: 0o600, replacing: false) }
        let (file, _) = try LineFile.open(path)
        try file.append(JSON.line(PhoneVisit(time: .now, who: who, phones: phones)))
        try file.sync()
    }
}
