import ArgumentParser

/// Options that every command has.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print one JSON document on stdout, for programs.")
    var json = false

    @Flag(help: "Say what lies beneath an error.")
    var verbose = false

    func validate() throws { Terminal.isVerbose = verbose }
}
