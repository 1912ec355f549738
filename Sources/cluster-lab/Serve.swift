import ArgumentParser
import ClusterLab

/// The background process itself; `up` starts it.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the lab in this process.", shouldDisplay: false)

    @Argument var directory: String
    @OptionGroup var shape: ShapeOptions
    @Option(help: "A descriptor that is told when everything answers.") var ready: Int32?

    func run() throws {
        throw ExitCode(LabDaemon.serve(directory: directory, options: shape.options, readiness: ready))
    }
}
