import Messages
import SmartCards

/// Which readers there are, and whether their cards can be used.
struct ReaderCheck: DoctorCheck {
    let name = "readers"

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        guard case .success = context.service else { return [] }
        guard !context.readers.isEmpty else {
            return [
                DoctorFinding(
                    self, .warning, "no-reader",
                    localized(
                        "The smart card service sees no reader. A USB token counts as one as soon as it is plugged in."),
                    next: [
                        localized("Plug in a token, and check whether it adds a line to the output of: lsusb")
                    ])
            ]
        }
        return context.readers.map { finding($0, context).about($0) }
    }

    private func finding(_ reader: Reader, _ context: DoctorContext) -> DoctorFinding {
        guard reader.hasCard else {
            return DoctorFinding(self, .ok, "reader-empty", localized("Reader \(reader.name) is empty."))
        }
        if reader.isMute {
            return DoctorFinding(
                self, .error, "card-mute",
                localized(
                    "The card in reader \(reader.name) does not answer: it is damaged, or inserted the wrong way round."
                ),
                next: [localized("Remove it, insert it again, and run etoken-bridge doctor.")])
        }
        let card = reader.atr.flatMap(KnownCard.with)?.name
        let what: LocalizableText = localized(
            "Reader \(reader.name) holds \(card.map { .verbatim($0) } ?? localized("a card")) (ATR \(reader.atr?.description ?? "-"))"
        )
        guard let status = context.cardStatus(in: reader) else {
            return DoctorFinding(
                self, .error, "card-hangs", localized("\(what), which no longer answers."),
                next: [localized("Remove it, insert it again, and run etoken-bridge doctor.")])
        }
        switch status {
        case .success: return DoctorFinding(self, .ok, "card-present", localized("\(what)."))
        case .sharingViolation:
            let programs = DeviceUser.programs()
            let who =
                programs.isEmpty
                ? ""
                : localized(" These use the smart card service now: \(programs.joined(separator: ", ")).").localized
            return DoctorFinding(
                self, .error, "card-held", localized("\(what), but another program has exclusive access to it.\(who)"),
                next: [localized("Quit that program, or wait until it is finished; then run etoken-bridge token list.")]
            )
        case .securityViolation:
            return DoctorFinding(
                self, .error, "card-refused", localized("\(what), but polkit does not allow this user to use cards."),
                next: [localized("Let a group in with a polkit rule: see \"polkit\" in docs/tokens-on-linux.md.")])
        default:
            return DoctorFinding(
                self, .error, "card-unusable", localized("\(what), but \(status.sentence) (\(status.name))."),
                next: [localized("Remove it, insert it again, and run etoken-bridge doctor.")])
        }
    }
}
