import Messages
import Migration

extension ClusterLock {
    /// For a command that changes a cluster on its own: it waits for nobody, and nobody changes the cluster meanwhile. A
    /// change that was begun and not finished is worth a word.
    ///
    /// - Throws: ``MigrationError`` (`busy`) where a change is running.
    static func forCommand(_ cluster: String) throws -> ClusterLock {
        let state = StateFolder.standard()
        let lock = try ClusterLock(cluster, in: state)
        do { try Change.checkUnfinished(cluster, state) } catch let error as MigrationError {
            Terminal.note(localized("Warning: \(error.text) \(error.next ?? .verbatim(""))"))
        }
        return lock
    }
}
