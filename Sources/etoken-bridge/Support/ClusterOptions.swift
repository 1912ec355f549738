import ArgumentParser
import Cluster
import Secrets

/// Which cluster a command works on.
struct ClusterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The cluster's name in the configuration.", valueName: "name"))
    var cluster: String

    func configured() throws -> Cluster { try configuredCluster(cluster) }
}

/// A cluster of the configuration file.
func configuredCluster(_ name: String) throws -> Cluster {
    let file = try ConfigurationFile.load()
    guard let configuration = file.cluster(name) else {
        let known = file.clusters.map(\.name).joined(separator: ", ")
        throw Failure(
            Status.notThere,
            "No cluster called \"\(name)\" is in \(ConfigurationFile.defaultPath)\(known.isEmpty ? "" : "; there are: \(known)").",
            next: "Add it: etoken-bridge cluster add")
    }
    return Cluster(configuration, credentials: .standard)
}

/// The question before a change.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Do not ask before the change.")
    var yes = false

    /// Asks on the terminal; only `yes` is yes.
    ///
    /// - Parameter change: `replace CTLFile.tlv on every node of cluster lab`.
    func ask(_ change: String) throws {
        if yes { return }
        guard Terminal.isInteractive else {
            throw Failure(
                Status.usage, "There is no terminal to ask on before a change: \(change).",
                next: "Give --yes if that is what you want.")
        }
        Terminal.write("\(change.prefix(1).uppercased() + change.dropFirst())? Type yes: ", to: 2)
        guard readLine()?.trimmed == "yes" else {
            throw Failure(Status.failed, "Not confirmed; nothing was changed.")
        }
    }
}
