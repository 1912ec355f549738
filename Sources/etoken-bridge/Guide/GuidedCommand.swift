import ArgumentParser
import Messages
import Migration

/// A command that asks on a terminal for what its command line leaves out (``MigrationWizard``).
protocol GuidedCommand: ParsableCommand {
    /// What the command line does not say, in the order of the questions; also what may be left out.
    var missing: [Procedure.Need] { get }
    /// Nil if the cluster is not the user's to choose.
    var clusterOptions: ClusterOptions? { get }
    /// Where to look for tokens; nil if none are needed.
    var moduleOptions: ModuleOptions? { get }
    /// Whether the command line says that nothing need be asked (`--yes`).
    var isConfirmed: Bool { get }
}

extension GuidedCommand {
    var moduleOptions: ModuleOptions? { nil }
    var isConfirmed: Bool { false }
}

/// An argument that is asked for on a terminal; without one, the command line is as wrong as ArgumentParser says it is.
func requireArgument(_ isThere: Bool, _ name: String) throws {
    guard isThere || Terminal.isInteractive else {
        throw ValidationError(localized("Missing expected argument '\(name)'"))
    }
}
