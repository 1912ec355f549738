import Basics
import Glibc
import Messages

extension ConfigurationFile {
    /// Where a cluster-lab writes its configuration, in its folder.
    public static let labFile = "cluster.toml"

    /// Reads the configuration of a cluster-lab. Only what a lab can be is accepted: one cluster on the loopback
    /// interface, with its passwords in the lab's folder; and nothing that someone else could have prepared: the files
    /// that it names are read, and sent to the addresses that it names.
    ///
    /// - Throws: `file` if it does not exist; `configuration` if it is something else.
    public static func lab(in folder: String) throws(ClusterError) -> ClusterConfiguration {
        let path = "\(folder)/\(labFile)"
        let operation = localized("read the lab's description \(path)")
        guard Files.exists(path) else {
            throw ClusterError(.file, operation: operation, message: .verbatim(String(cString: strerror(ENOENT))))
        }
        // A link to the folder may be the user's; where it leads counts.
        guard let place = realPath(folder) else {
            throw ClusterError(.file, operation: operation, message: .verbatim(String(cString: strerror(errno))))
        }
        func check(_ test: () throws(FileError) -> Void) throws(ClusterError) {
            do throws(FileError) { try test() } catch { throw ClusterError(error, operation: operation) }
        }
        try check { () throws(FileError) in
            try Files.checkOwnFolder(place)
            try Files.checkOwn(path)
        }
        func refusal(_ message: LocalizableText) -> ClusterError {
            ClusterError(.configuration, operation: operation, message: message)
        }
        let file = try load(from: path)
        guard file.clusters.count == 1, file.tokens == TokenConfiguration(), !file.clusters[0].nodes.isEmpty else {
            throw refusal(localized("it does not describe exactly one cluster, as a lab's does"))
        }
        var cluster = file.clusters[0]
        if let node = cluster.nodes.first(where: { !$0.address.isLoopback }) {
            throw refusal(localized("\(node.address) is not a loopback address, as a lab's are"))
        }
        func checked(_ account: AccountConfiguration?) throws(ClusterError) -> AccountConfiguration? {
            guard var account else { return nil }
            guard account.passwordCommand == nil, let password = account.passwordFile,
                let file = realPath(password), file.hasPrefix(place + "/"), let slash = file.lastIndex(of: "/")
            else {
                throw refusal(localized("the password of \(account.user) is not in a file in the lab's folder"))
            }
            try check { () throws(FileError) in
                try Files.checkOwnFolder(String(file[..<slash]))
                try Files.checkOwn(password)
            }
            // As it is without links: what is checked is what is used.
            account.passwordFile = file
            return account
        }
        cluster.platform = try checked(cluster.platform)
        cluster.application = try checked(cluster.application)
        cluster.phones = try checked(cluster.phones)
        return cluster
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}

extension String {
    /// `127.0.0.0/8` or `::1`, as numbers.
    fileprivate var isLoopback: Bool {
        var address = in_addr()
        if inet_pton(AF_INET, self, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
        return self == "::1"
    }
}
