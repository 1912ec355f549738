import Basics
import Messages
import Migration

// A change that stops at its plan.
extension ChangeSession {
    /// Stops at the plan.
    ///
    /// - Parameter absent: tokens of which only the certificate was available.
    func show(_ planned: PlannedChange, _ plan: String?, _ absent: [ChangePlan.Token]) throws {
        let change = planned.change
        var record = try ChangeRecord(change)
        if change.isAlreadySo { return try publish(record) }
        try record.check(change)
        try publish(record)
        if let plan {
            let saved = try planned.saved(by: .current)
            try saved.write(to: plan)
            Terminal.note(localized("The plan is in \(plan). Run it: etoken-bridge migrate run \(path: plan)"))
            noteSigning(of: saved, in: plan, absent)
        }
        try planned.check(despiteFindings: options.despiteFindings, savedAs: plan)
    }

    /// How a token that is somewhere else signs a plan, or why it cannot.
    private func noteSigning(of plan: ChangePlan, in file: String, _ absent: [ChangePlan.Token]) {
        guard plan.signer != nil else { return }
        if let why = plan.whyNotFixed {
            return Terminal.note(localized("It cannot be signed on another machine: \(why)."))
        }
        // What a saved plan says about these does not count.
        let again =
            options.keep.map { Shell.option(" --keep", $0) } + options.drop.map { Shell.option(" --drop", $0) }
            + absent.map { Shell.option(" --accept-absent-token", $0.sha1) }
            + (options.acceptUnproven ? [" --accept-unproven"] : [])
        let option = again.joined()
        let answer = MigrateSign.answer(to: file)
        Terminal.note(
            localized(
                "Where the token is, also without network: etoken-bridge migrate sign \(path: file)"))
        Terminal.note(
            localized("Then, here: etoken-bridge migrate run \(path: file) --signature \(path: answer)\(option)"))
    }
}
