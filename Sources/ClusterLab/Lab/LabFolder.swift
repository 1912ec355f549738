/// Paths in a lab's directory. The running lab works in it, so its own paths are relative and short.
struct LabFolder: Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    /// From within the lab's own process.
    static let here = LabFolder(".")

    /// What other programs read to reach the cluster.
    var clusterFile: String { path + "/cluster.toml" }
    var plan: String { path + "/plan.json" }
    var state: String { path + "/state.json" }
    var log: String { path + "/lab.log" }
    var pid: String { path + "/lab.pid" }
    /// Locked for as long as the lab runs.
    var lock: String { path + "/lab.lock" }
    /// UNIX sockets.
    var run: String { path + "/run" }
    var control: String { run + "/control.sock" }
    var web: String { run + "/web.sock" }
    var nginx: String { path + "/nginx" }
    var credentials: String { path + "/credentials" }
    var trustStore: String { path + "/trust-store" }
    /// Keys and certificates of the security tokens of an old cluster.
    var tokens: String { path + "/tokens" }

    func tvs(_ node: String) -> String { "\(run)/tvs-\(node).sock" }
    func password(_ account: String) -> String { "\(credentials)/\(account)" }
    func node(_ name: String) -> String { "\(path)/nodes/\(name)" }
    /// The files for phones, as they are stored.
    func tftp(_ node: String) -> String { "\(self.node(node))/tftp" }
    /// What TFTP and HTTP 6970 serve, if that can differ from what is stored.
    func tftpCache(_ node: String) -> String { "\(self.node(node))/tftp-cache" }
    /// What somebody who answers in the node's place serves.
    func spoof(_ node: String) -> String { "\(self.node(node))/spoof" }
    func keys(_ node: String) -> String { "\(self.node(node))/keys" }
    /// The snapshot that the lab was modelled on, and the certificates that replace those of the snapshot.
    var snapshot: String { path + "/snapshot.json" }
    var like: String { path + "/like" }
    /// The many phones' state.
    var crowd: String { path + "/crowd" }
    /// A CTL file held by phones that missed the current one.
    var formerCTL: String { crowd + "/former-CTLFile.tlv" }
    func phone(_ name: String) -> String { "\(path)/phones/\(name)" }
}
