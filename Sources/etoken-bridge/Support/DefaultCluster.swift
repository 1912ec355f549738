import ArgumentParser
import Configuration
import Glibc
import Messages
import Migration

/// The cluster of a command that specifies none: the one in the variable, else that of `cluster use`, else the only one.
enum DefaultCluster {
    private nonisolated(unsafe) static var name: String?

    private static let variable = "ETOKEN_BRIDGE_CLUSTER"

    /// The cluster, which is reported on stderr because the user did not specify it; or the one that the user chooses on
    /// the terminal. It is asked for and reported once.
    ///
    /// - Throws: with status 64 if there are several and none was chosen, with 2 if there is none.
    static func resolve() throws -> String {
        if let name { return name }
        let file = try ConfigurationFile.load()
        let found = try known(in: file) ?? chosen(from: file.clusters.map(\.name))
        name = found
        return found
    }

    /// The one that the variable or the configuration names; nil if they leave it open.
    private static func known(in file: ConfigurationFile) -> String? {
        let fromVariable = getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        let found: (name: String, source: LocalizableText)
        if let fromVariable {
            found = (fromVariable, .verbatim(variable))
        } else if let chosen = file.defaultCluster {
            found = (chosen, localized("chosen with cluster use"))
        } else if file.clusters.count == 1 {
            found = (file.clusters[0].name, localized("the only one"))
        } else {
            return nil
        }
        Terminal.note(localized("Cluster: \(found.name) (\(found.source))"))
        return found.name
    }

    private static func chosen(from known: [String]) throws -> String {
        guard !known.isEmpty else {
            throw Failure(
                Status.notThere, localized("There is no cluster in \(ConfigurationFile.defaultPath)."),
                next: localized("Add one: etoken-bridge cluster add"))
        }
        if Terminal.isInteractive, !Terminal.printsJSON {
            return known[try Terminal.require(.choice(localized("Which cluster?"), known.map { .init($0) }))]
        }
        throw Failure(
            Status.usage,
            localized("No cluster was specified, and there are several: \(known.joined(separator: ", "))."),
            next: localized(
                "Add --cluster NAME, or choose one for every command: etoken-bridge cluster use \(word: known[0])"))
    }
}

extension CompletionKind {
    /// The clusters of the configuration.
    static var clusterNames: CompletionKind {
        .custom { _, _, _ in (try? ConfigurationFile.load().clusters.map(\.name)) ?? [] }
    }
}
