import Messages
import Migration

extension ClusterLock {
    /// For a command that changes a cluster on its own: it does not wait, and no other run changes the cluster in the
    /// meantime. An unfinished change is worth a warning.
    ///
    /// - Throws: ``MigrationError`` (`busy`) if a change is running.
    static func forCommand(_ cluster: String) throws -> ClusterLock {
        let state = try StateFolder.standard()
        let lock = try ClusterLock(cluster, in: state)
        do { try Change.checkUnfinished(cluster, state) } catch let error as MigrationError {
            Terminal.note(localized("Warning: \(error.text) \(error.next ?? .verbatim(""))"))
        }
        return lock
    }
}
