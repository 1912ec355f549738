import Basics
import Glibc

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
    /// What someone who answers in the node's place serves.
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

// MARK: Whose it is

extension LabFolder {
    /// Makes sure that nobody else prepared the folder, or can change it: what is in it becomes the configuration of nginx,
    /// and its lock and process are signalled.
    func checkOwner() throws(LabError) {
        do { try Files.checkOwnFolder(path) } catch { throw Self.refusal(error) }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_uid == geteuid() else { throw Self.refusal(FileError(.read, path, .otherOwner)) }
    }

    /// The same for everything in it. The lab creates no links: one may come from an archive, and a log would be
    /// written where it leads.
    func check() throws(LabError) {
        try checkOwner()
        try Self.check(path)
    }

    private static func check(_ folder: String) throws(LabError) {
        for name in Files.names(in: folder) {
            let place = "\(folder)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            if kind == S_IFLNK { throw refusal(FileError(.read, place, .link)) }
            guard status.st_uid == geteuid() || status.st_uid == 0 else {
                throw refusal(FileError(.read, place, .otherOwner))
            }
            guard kind == S_IFSOCK || status.st_mode & 0o022 == 0 else {
                throw refusal(FileError(.read, place, .writableByOthers))
            }
            if kind == S_IFDIR { try check(place) }
        }
    }

    private static func refusal(_ error: FileError) -> LabError {
        let why =
            switch error.doubt {
            case .link?: "is a link, and is not followed"
            case .otherOwner?: "belongs to another user"
            case .writableByOthers?: "can be written by other users; if that is a mistake: chmod -R go-w"
            default: "cannot be used: \(error.reason)"
            }
        return LabError(.notALab, "\(error.path) \(why)")
    }
}
