import ArgumentParser
import Cluster
import Messages
import Migration
import Phones

/// How many phones are asked what they hold.
struct PhoneQuestions: ParsableArguments {
    @Option(
        name: .customLong("ask-phones"),
        help: .localized(
            "How many phones' web pages are asked what they hold, 32 at a time; they are spread over all phones. The default is 200, or all of them if there is no file yet.",
            valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError(localized("--ask-phones must be 0 or more.")) }
    }

    /// What the pages of this many phones display, by phone name.
    ///
    /// - Parameter usual: how many if the user does not say.
    func ask(
        _ phones: [Phone], of cluster: LiveCluster, usually usual: Int = 200
    ) -> (asked: Int, held: [String: HeldChecksum]) {
        let limit = limit ?? usual
        let known = phones.filter { $0.address != nil && $0.isRegistered != false }
        guard limit > 0, !known.isEmpty else { return (0, [:]) }
        let wanted = min(limit, known.count)
        let step = (known.count + wanted - 1) / wanted
        let chosen = stride(from: 0, to: known.count, by: step).map { known[$0] }
        return (chosen.count, cluster.heldChecksums(of: chosen))
    }
}
