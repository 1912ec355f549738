import Basics
import Messages
import Phones

extension ChangeRecord {
    /// Something that is left to do by hand.
    public struct LeftToDo: Codable, Sendable, Equatable {
        public enum Code: String, Codable, Sendable {
            /// Continue the change, or undo it.
            case unfinished
            /// Go to phones that did not follow, or may not have.
            case visit
            /// Restart phones of device pools that were not chosen.
            case notRestarted = "not-restarted"
            /// Find out about phones that show a file that they should no longer have.
            case otherFile = "other-file"
            /// Find phones that were registered before the change, and are not after it.
            case missing
        }

        public let code: Code
        public let text: LocalizableText
        /// How many phones it is about; nil if it is about none.
        public let phones: Int?
        /// What to do, a sentence each.
        public let next: [LocalizableText]
    }

    /// By phone, what its own page said after the change.
    private var seenAfter: [String: HeldFile.Code] {
        var seen: [String: HeldFile.Code] = [:]
        for group in phones { for phone in group.phones { seen[phone] = group.result } }
        return seen
    }

    /// Whether it is, or was, rolled back.
    var isBack: Bool { state == .rollingBack || state == .rolledBack }

    /// What phones were forecast to do with the file that they were told about last; nil if they have been told about none
    /// since a rollback started.
    public var lastForecast: StoredForecast? { isBack ? forecastOfRollback : forecast }

    /// The device pools whose phones restart: all if empty; nil if no phone restarts.
    var restartedPools: [String]? { steps.first { $0.id == .restartPhones }.map { $0.parameters?.pools ?? [] } }

    /// What is to do about a phone; nil for nothing.
    private func code(
        of phone: String, in group: StoredForecast.Group, isRestarted: Bool, shows: HeldFile.Code
    ) -> LeftToDo.Code? {
        // What its page says is not authenticated: it takes no phone off the list of those forecast to need a visit.
        if group.outcome != .accepted { return .visit }
        switch shows {
        case isBack ? .oldFile : .newFile: return nil
        case _ where !isRestarted: return .notRestarted
        case .presentFile, .notKnown: return nil
        case .oldFile, .newFile, .olderFile, .otherFile, .noFile: return .otherFile
        }
    }

    /// The phones of ``leftToDo`` that are listed, each once: by its code, with its group of the forecast. If the change
    /// restarts none, those that follow once they restart are only counted.
    func phonesLeft() -> [(code: LeftToDo.Code, phone: String, group: StoredForecast.Group?)] {
        restartedPools == nil ? everyoneLeft().filter { $0.code != .notRestarted } : everyoneLeft()
    }

    private func everyoneLeft() -> [(code: LeftToDo.Code, phone: String, group: StoredForecast.Group?)] {
        guard state != .alreadySo, let forecast = lastForecast else { return [] }
        var left: [(LeftToDo.Code, String, StoredForecast.Group?)] = []
        var listed: Set<String> = []
        let seen = seenAfter
        let pools = restartedPools
        for group in forecast.groups {
            let isRestarted = pools.map { $0.isEmpty || $0.contains(group.pool ?? "") } ?? false
            for phone in group.phones {
                let code = code(of: phone, in: group, isRestarted: isRestarted, shows: seen[phone] ?? .notKnown)
                guard let code else { continue }
                left.append((code, phone, group))
                listed.insert(phone)
            }
        }
        var groups: [String: StoredForecast.Group] = [:]
        let missing = (registrations?.missing ?? []).map(\.phone).filter { !listed.contains($0) }
        if !missing.isEmpty {
            for group in forecast.groups { for phone in group.phones { groups[phone] = group } }
        }
        return left + missing.map { (.missing, $0, groups[$0]) }
    }

    /// What is left to do, the most urgent first.
    func tasks() -> [LeftToDo] {
        var tasks: [LeftToDo] = []
        switch state {
        case .unfinished:
            tasks.append(
                LeftToDo(
                    code: .unfinished,
                    text: localized(
                        "The change is not finished: \(steps.count { $0.state == .done }) of \(steps.count) steps are done."
                    ), phones: nil,
                    next: [
                        localized("Resume it: etoken-bridge migrate resume --cluster \(word: cluster)"),
                        localized("Or roll it back: etoken-bridge migrate rollback --cluster \(word: cluster)"),
                    ]))
        case .rollingBack:
            tasks.append(
                LeftToDo(
                    code: .unfinished, text: localized("The change is being rolled back."), phones: nil,
                    next: [localized("Continue: etoken-bridge migrate rollback --cluster \(word: cluster)")]))
        case .planned, .alreadySo, .finished, .rolledBack, .abandoned: break
        }
        let left = everyoneLeft()
        func count(_ code: LeftToDo.Code) -> Int { left.count { $0.code == code } }
        let (visits, others, missing) = (count(.visit), count(.otherFile), count(.missing))
        let waiting = count(.notRestarted)
        if visits > 0 {
            let refused = left.count { $0.code == .visit && $0.group?.outcome == .refused }
            let models = Set(left.filter { $0.code == .visit }.compactMap(\.group?.model)).sorted()
            tasks.append(
                LeftToDo(
                    code: .visit,
                    text: localized(
                        visits, one: "1 phone needs a visit: \(refused) refused, \(visits - refused) unknown.",
                        other: "\(visits) phones need a visit: \(refused) refused, \(visits - refused) unknown."),
                    phones: visits, next: [Change.visitAdvice(models: models)].compactMap(\.self)))
        }
        if waiting > 0 {
            let isPartial = restartedPools != nil
            let pools =
                isPartial ? Set(left.filter { $0.code == .notRestarted }.compactMap(\.group?.pool)).sorted() : []
            // If no pool is known, only all phones together can be specified.
            let options = pools.isEmpty ? " --all" : pools.map { " " + Shell.option("--pool", $0) }.joined()
            tasks.append(
                LeftToDo(
                    code: .notRestarted,
                    text: isPartial
                        ? localized(
                            waiting, one: "1 phone is not restarted, because its device pool was not chosen.",
                            other: "\(waiting) phones are not restarted, because their device pools were not chosen.")
                        : localized(
                            waiting, one: "1 phone is not restarted, because this change restarts none.",
                            other: "\(waiting) phones are not restarted, because this change restarts none."),
                    phones: waiting,
                    next: [
                        localized(
                            "They fetch the file at their next restart. To restart them: etoken-bridge phones restart --cluster \(word: cluster)\(options)"
                        )
                    ]))
        }
        if others > 0 {
            tasks.append(
                LeftToDo(
                    code: .otherFile,
                    text: localized(
                        others, one: "1 phone was forecast to follow, and shows a different file.",
                        other: "\(others) phones were forecast to follow, and show a different file."),
                    phones: others,
                    next: [
                        localized(
                            "Restart them, and look again: etoken-bridge phones check --cluster \(word: cluster)")
                    ]))
        }
        if missing > 0 {
            tasks.append(
                LeftToDo(
                    code: .missing,
                    text: localized(
                        missing, one: "1 more phone was registered before the change, and is not after it.",
                        other: "\(missing) more phones were registered before the change, and are not after it."),
                    phones: missing,
                    next: [
                        localized(
                            "See whether they have come back since: etoken-bridge phones list --cluster \(word: cluster)"
                        )
                    ]))
        }
        return tasks
    }
}
