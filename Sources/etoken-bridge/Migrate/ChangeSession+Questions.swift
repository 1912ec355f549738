import Messages
import Migration
import Phones

// What is asked once the cluster has been read, before the one question that starts the change.
extension ChangeSession {
    /// A user who is guided through a change decides whether phones first get a file that introduces the new signer, and
    /// whether they are restarted at the end.
    func askAboutWay(_ surveyed: consuming SurveyedChange, _ source: ChangeSource) throws -> SurveyedChange {
        guard asks, MigrationWizard.isLeading, case .new(var request) = source, !surveyed.change.isAlreadySo else {
            return surveyed
        }
        var surveyed = surveyed
        if let choice = try introduction(surveyed.change, request) {
            request = request.introducing(choice)
            MigrationWizard.add("--introduce", choice.rawValue)
            surveyed = try surveyed.planned(as: request)
        }
        let phones = surveyed.change.forecast.entries.count
        // An introduction requires that phones restart.
        guard surveyed.change.introductionForecast == nil, request.restartsAllPhones, phones > 0 else {
            return surveyed
        }
        let question = localized(
            phones, one: "Restart the phone at the end, so that it fetches the new file?",
            other: "Restart the \(phones) phones at the end, so that they fetch the new file?")
        if Terminal.confirm(question, standard: true) { return surveyed }
        MigrationWizard.add("--no-phone-restart")
        return try surveyed.planned(as: request.withoutPhoneRestart)
    }

    /// - Returns: what the user chose instead of what the request says; nil if that is right.
    private func introduction(_ change: Change, _ request: ChangeRequest) throws -> IntroductionChoice? {
        guard request.introduce == .auto else { return nil }
        if let forecast = change.introductionForecast {
            let (with, without) = (forecast.with, forecast.without)
            let isWanted = Terminal.confirm(
                localized(
                    "Should phones first get a file that introduces the new signer? With it, \(with.visits) phones need a visit, without it \(without.visits); but services and phones restart twice."
                ), standard: true)
            return isWanted ? nil : .never
        }
        guard change.couldIntroduce(request) else { return nil }
        let isWanted = Terminal.confirm(
            localized(
                "A file that introduces the new signer first would spare visits, but this release is not known to create one. Try it? If it does not, every node gets the current file back."
            ), standard: false)
        return isWanted ? .always : nil
    }

    /// Phones that would be left behind: they are shown, and nothing continues without a yes.
    ///
    /// - Parameter isShown: set if the plan is on the terminal now.
    func askAboutStranded(_ change: Change, _ record: ChangeRecord, _ isShown: inout Bool) throws {
        let (refused, unknown) = change.unacceptedVisits
        guard refused + unknown > 0 else { return }
        var record = record
        try record.check(change)
        Terminal.note(record.styled)
        isShown = true
        let all = change.forecast.entries.count
        let visits = localized(
            refused, one: "1 of \(all) phones needs a visit.", other: "\(refused) of \(all) phones need a visit.")
        let what =
            unknown == 0
            ? visits
            : localized(
                unknown, one: "\(visits) Of 1 it is not known.", other: "\(visits) Of \(unknown) it is not known.")
        guard Terminal.confirm(localized("\(what) Continue anyway?"), standard: false) else { return }
        change.acceptStranded()
        MigrationWizard.add("--accept-stranded")
    }

    /// Each record that nobody named needs a confirmation of its own.
    ///
    /// - Returns: whether there were any.
    func askAboutRecords(_ change: Change) throws -> Bool {
        let records = try change.unnamedRecords()
        for record in records {
            let question = localized(
                "The current CTL file also contains \(record.text). Keep it in the new file?")
            let mayLeave = record.kind == .token
            switch mayLeave ? Terminal.ask(.record(question)) ?? .stop : Terminal.confirm(question) ? .keep : .stop {
            case .keep:
                change.keep(record)
                MigrationWizard.add("--keep", record.sha1 ?? record.name)
            case .leaveOut:
                try change.drop(record)
                MigrationWizard.add("--drop", record.sha1 ?? record.name)
            case .stop:
                throw Failure.notConfirmed(
                    next: localized(
                        "Find out who put \(record.name) into the file: etoken-bridge ctl fetch --output CTLFile.tlv, then ctl show."
                    ))
            }
        }
        return !records.isEmpty
    }
}
