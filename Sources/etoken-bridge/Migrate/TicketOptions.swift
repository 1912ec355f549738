import ArgumentParser
import Messages
import Migration

/// The operator's references for a change: ticket and approver.
struct TicketOptions: ParsableArguments {
    @Option(
        help: .localized(
            "The number of the change ticket, for the plan, the journal and the change record.", valueName: "id"))
    var ticket: String?

    @Option(
        help: .localized(
            "Who approved the change, for the plan, the journal and the change record; the name is not checked.",
            valueName: "name"))
    var approver: String?

    func validate() throws {
        guard [ticket, approver].compactMap(\.self).allSatisfy(ChangePlan.isReference) else {
            throw ValidationError(
                localized("--ticket and --approver must be 1 to 128 visible characters on one line."))
        }
    }
}
