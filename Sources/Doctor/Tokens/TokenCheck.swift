import Basics
import Glibc
import Messages
import SmartCards
import Tokens
import X509

/// Whether the tokens can be used: their PINs, and cards that no module reads.
struct TokenCheck: DoctorCheck {
    let name = "tokens"

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        let (tokens, failures) = context.tokens
        var findings = tokens.flatMap { [finding($0, context)] + expired($0) }
        for failure in failures {
            findings.append(
                DoctorFinding(
                    self, .error, "token-unreadable", failure.text,
                    next: [localized("Remove the token, insert it again, and run etoken-bridge doctor.")]))
        }
        findings += context.unreadReaders.map { unread($0, context).about($0) }
        if findings.isEmpty, !context.hasSilentModule {
            findings.append(
                DoctorFinding(
                    self, .warning, "no-token", localized("No token found."),
                    next: [localized("Insert one: etoken-bridge token wait reports when it is detected.")]))
        }
        return findings
    }

    // MARK: - PINs

    private func finding(_ token: Token, _ context: DoctorContext) -> DoctorFinding {
        let info = token.info
        let what: LocalizableText = localized("Token \(info.plainLabel) (serial \(info.serialNumber))")
        let administrator: LocalizableText = localized(
            "Use the other token. One of Cisco's cannot be unlocked; others may be, with their administrator PIN.")
        let history = try? token.pinHistory()
        if info.pin.allowsLogin, let refusal = history?.refusal {
            return DoctorFinding(
                self, .error, history?.state == .locked ? "token-locked" : "token-count-low", refusal.text,
                next: [refusal.next].compactMap(\.self))
        }
        let tried = history?.wrongTries ?? 0
        switch info.pin {
        case .locked:
            let token: LocalizableText = localized("token \(info.plainLabel) (serial \(info.serialNumber))")
            return DoctorFinding(
                self, .error, "token-locked", localized("The PIN of \(token) is locked."), next: [administrator])
        case .finalTry:
            return DoctorFinding(
                self, .error, "token-final-try",
                localized(
                    "\(what) has one PIN try left: the next wrong PIN locks it. No command of this program uses it up."),
                next: [administrator])
        case .notInitialized:
            return DoctorFinding(
                self, .error, "token-no-pin", localized("\(what) has no user PIN."),
                next: [localized("Set one with the token's own software.")])
        case .countLow:
            return DoctorFinding(
                self, .warning, "token-count-low",
                localized(
                    "A wrong PIN has been entered on \(what) since the last right one. Too many lock it for good."),
                next: [localized("Make sure that you have the right PIN before the next attempt.")])
        case .ready where tried > 0:
            return DoctorFinding(
                self, .warning, "token-count-low",
                [
                    localized(
                        tried,
                        one: "\(what): 1 wrong PIN was tried with this program since the last right one.",
                        other: "\(what): \(tried) wrong PINs were tried with this program since the last right one."),
                    history?.whatLocks,
                ].compactMap(\.self).joined(separator: " "),
                next: [localized("Make sure that you have the right PIN before the next attempt.")])
        case .ready: return DoctorFinding(self, .ok, "token-ready", localized("\(what) is in \(info.slotDescription)."))
        }
    }

    /// Certificates that are not valid today.
    private func expired(_ token: Token) -> [DoctorFinding] {
        let now = Int64(time(nil))
        return ((try? token.certificates()) ?? []).map(\.certificate)
            .filter { now < $0.notBefore || now > $0.notAfter }
            .map { certificate in
                DoctorFinding(
                    self, .warning, "token-certificate-expired",
                    localized(
                        "The certificate on token \(token.info.plainLabel) is valid from \(Timestamp(certificate.notBefore)) to \(Timestamp(certificate.notAfter)), not now."
                    ),
                    next: [localized("Use a token whose certificate is valid.")])
            }
    }

    // MARK: - Cards without a module

    private func unread(_ reader: Reader, _ context: DoctorContext) -> DoctorFinding {
        let known = reader.atr.flatMap(KnownCard.with)
        let atr = reader.atr.map { "\($0)" } ?? "-"
        guard let known else {
            return DoctorFinding(
                self, .error, "card-unknown",
                localized(
                    "PC/SC sees a card in reader \(reader.name) (ATR \(atr)), but no module on this machine reads it."),
                next: [
                    localized(
                        "Install the PKCS#11 module of the card's vendor, and specify its path: etoken-bridge token list --module PATH"
                    )
                ])
        }
        let what: LocalizableText = localized("PC/SC sees \(known.name) in reader \(reader.name)")
        let software = known.software
        if context.modules.contains(where: { (try? $0.loaded.get()) != nil && software.owns(module: $0.path) }) {
            let again: LocalizableText = localized("Remove the token, insert it again: etoken-bridge token list")
            return DoctorFinding(
                self, .error, "card-unread",
                localized(
                    "\(what), and \(software.name) is installed but shows no token: its release does not read this card, or the card is not initialised."
                ),
                next: [
                    localized("Which release reads which card: see \"Which release\" in docs/tokens-on-linux.md."),
                    again,
                ])
        }
        let install: LocalizableText = localized(
            "Install \(software.name) (\(software.modules[0])), then: etoken-bridge token list")
        switch known.openSC {
        case .no:
            return DoctorFinding(
                self, .error, "card-needs-vendor-module", localized("\(what), OpenSC does not know it."),
                next: [install])
        case .standardLayout:
            return DoctorFinding(
                self, .error, "card-needs-vendor-module",
                localized(
                    "\(what), OpenSC knows the card but finds no token on it: it was initialised with its vendor's own software."
                ),
                next: [install])
        case .since(let release):
            return DoctorFinding(
                self, .error, "card-needs-newer-opensc",
                localized(
                    "\(what), OpenSC supports it from release \(release) on, but the one installed here does not."),
                next: [.verbatim("opensc-tool --version"), install])
        }
    }
}
