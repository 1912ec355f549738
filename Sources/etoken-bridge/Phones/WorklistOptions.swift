import ArgumentParser
import Basics
import Cluster
import Messages
import Migration
import Phones

/// Where the list of phones that someone has to visit goes.
struct WorklistOptions: ParsableArguments {
    @Option(
        help: .localized(
            "Write the phones that need a visit into this new file: where each is, whose it is, and what to press on it. Only then are locations, owners and numbers read from the cluster.",
            valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var worklist: String?

    /// Refuses to overwrite a file, before anything is read.
    func check() throws {
        if let worklist, Files.exists(worklist) { throw Failure(overwriting: worklist) }
    }

    /// Writes the list, if it was asked for.
    ///
    /// - Parameter cluster: asked for what the list contains besides names and reasons. If it does not answer, the list
    ///   is written without that.
    func write(_ list: @autoclosure () throws -> Worklist, from cluster: () throws -> ClusterClient) throws {
        guard let worklist else { return }
        let list = try list()
        var details: [String: PhoneDetails] = [:]
        do {
            details = try PhoneDetails.read(list.names, from: try cluster()) {
                if case .waiting(let seconds, let why) = $0, seconds >= 4 {
                    Terminal.note(localized("Waiting \(duration(seconds)): \(why)"))
                }
            }
        } catch {
            // Names, models and reasons are worth having, above all when a change has just been made.
            Terminal.note(
                localized(
                    "\(worklist) is written without locations, owners and numbers: \(LocalizableText(sentence: error))")
            )
        }
        try Files.write(list.csv(details), to: worklist, permissions: 0o600, replacing: false)
        Terminal.note(
            localized(list.names.count, one: "\(worklist): 1 phone.", other: "\(worklist): \(list.names.count) phones.")
        )
    }
}
