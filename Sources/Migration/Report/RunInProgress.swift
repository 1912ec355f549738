import Basics
import Messages

/// A run that currently holds the lock of a cluster, on this machine.
public struct RunInProgress: Codable, Sendable {
    public let process: Int
    /// The change whose journal it has started or continued; nil while it reads the cluster or asks.
    public let change: String?

    /// Nil if no run is in progress.
    ///
    /// - Throws: as `StateFolder.changes(of:)`.
    public init?(of cluster: String, in folder: StateFolder) throws {
        guard let holder = ClusterLock.holder(of: cluster, in: folder) else { return nil }
        process = holder.process
        change = try folder.changes(of: cluster).last { _, records in
            records.contains { $0.event == .started && $0.time.seconds >= holder.since }
        }?.records.first?.plan?.id
    }

    /// Whether one is in progress, without reading journals.
    public static func isThere(on cluster: String, in folder: StateFolder) -> Bool {
        ClusterLock.holder(of: cluster, in: folder) != nil
    }

    /// For people: what is going on, before what is known about changes.
    public func text(_ cluster: String) -> LocalizableText {
        change.map { localized("A run is in progress on cluster \(cluster) (process \(process)): change \($0).") }
            ?? localized(
                "A run is in progress on cluster \(cluster) (process \(process)). It has not started a journal: it is still reading or asking, or it is not a change. What follows is the state before this run."
            )
    }
}
