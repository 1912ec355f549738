import Cluster

/// One thing that `doctor` checks. Checks do not depend on each other's findings; what several of them need is in the
/// ``DoctorContext``, determined once.
package protocol DoctorCheck {
    /// For `--json` and the headings, for example `readers`.
    var name: String { get }
    func findings(_ context: DoctorContext) -> [DoctorFinding]
}

extension DoctorContext {
    /// The checks of this machine, and of a cluster if one is given, in the order in which one problem may be the cause
    /// of the next.
    ///
    /// - Parameter more: of this machine, after the usual ones.
    package static func checks(
        of cluster: ClusterClient?, and more: [any DoctorCheck] = []
    ) -> [any DoctorCheck] {
        let usual: [any DoctorCheck] = [ServiceCheck(), USBCheck(), ReaderCheck(), ModuleCheck(), TokenCheck()]
        let machine = usual + more
        guard let context = cluster.map(ClusterContext.init) else { return machine }
        return machine + [
            ClusterReachCheck(cluster: context), ClusterKeyCheck(cluster: context),
            ClusterHealthCheck(cluster: context),
        ]
    }
}
