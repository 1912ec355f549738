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
        let other = TokenError.useTheOther
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
                self, .error, "token-locked", localized("The PIN of \(token) is locked."), next: [other])
        case .finalTry:
            return DoctorFinding(
                self, .error, "token-final-try",
                localized(
                    "\(what) has one PIN try left: the next wrong PIN locks it. No command of this program uses it up."),
                next: [other])
        case .notInitialized:
            return DoctorFinding(
                self, .error, "token-no-pin", localized("\(what) has no user PIN."),
                next: [localized("Set one with the token's own software.")])
        case .countLow:
            return DoctorFinding(
                self, .warning, "token-count-low",
                [
                    localized(
                        "A wrong PIN has been entered on \(what) since the last right one. Too many lock it for good."),
                    history?.tries.map { localized("PIN: \($0.text).") },
                ].compactMap(\.self).joined(separator: " "),
                next: [localized("Make sure that you have the right PIN before the next attempt.")])
        case .ready where history?.unfinishedChange != nil:
            return DoctorFinding(
                self, .warning, "token-pin-change-unfinished",
                history?.unfinishedChange ?? what,
                next: [localized("Find out which PIN is right: etoken-bridge token test \(word: info.plainLabel)")])
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
        case .ready where info.wantsNewPIN:
            return DoctorFinding(
                self, .warning, "token-pin-to-be-changed",
                localized("\(what) wants another PIN before it is used again."),
                next: [.verbatim("etoken-bridge token change-pin \(Shell.word(info.plainLabel))")])
        case .ready: return DoctorFinding(self, .ok, "token-ready", localized("\(what) is in \(info.slotDescription)."))
        }
    }

    /// Certificates that are not valid today, or not for much longer.
    private func expired(_ token: Token) -> [DoctorFinding] {
        let now = Int64(time(nil))
        let certificates = ((try? token.certificates()) ?? []).map(\.certificate)
        // An authority's certificate beside the token's own signs nothing here.
        let own = certificates.filter { !$0.isAuthority }
        return (own.isEmpty ? certificates : own)
            .filter { $0.validity(at: now) != .valid || $0.endsSoon(at: now) }
            .map { certificate in
                guard certificate.validity(at: now) != .valid else {
                    return DoctorFinding(
                        self, .warning, "token-certificate-ends",
                        localized(
                            "The certificate on token \(token.info.plainLabel) ends on \(Timestamp(certificate.notAfter).day)."
                        ),
                        next: [
                            localized(
                                "It still signs after that, as phones only check the signature; see docs/tokens-on-linux.md."
                            )
                        ])
                }
                return DoctorFinding(
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
        return unreadByItsMaker(known, what, context) ?? unreadByOpenSC(known, what, context)
    }

    /// If the vendor's software is installed.
    private func unreadByItsMaker(
        _ card: KnownCard, _ what: LocalizableText, _ context: DoctorContext
    ) -> DoctorFinding? {
        let own = context.modules.filter { card.software.owns(module: $0.path) }
        guard let one = own.first else { return nil }
        guard let module = own.compactMap({ try? $0.loaded.get() }).first else {
            // Why not is a finding of its own.
            return DoctorFinding(
                self, .error, "card-unread",
                localized("\(what), and \(card.software.name) is installed, but \(one.path) cannot be used."),
                next: [localized("Do what is said about that module."), card.generation.release])
        }
        let release = module.release.map { localized("\(module.path), release \($0)") } ?? .verbatim(module.path)
        return DoctorFinding(
            self, .error, "card-unread",
            localized(
                "\(what), and \(card.software.name) is installed (\(release)) but shows no token: its release does not read this card, or the card is not initialised."
            ),
            next: [card.generation.release, localized("Remove the token, insert it again: etoken-bridge token list")])
    }

    /// By what OpenSC, if it was asked, did not find.
    private func unreadByOpenSC(
        _ card: KnownCard, _ what: LocalizableText, _ context: DoctorContext
    ) -> DoctorFinding {
        let install = [
            localized("Install \(card.software.name) (\(card.module)), then: etoken-bridge token list"),
            card.generation.release,
        ]
        func needsVendor(_ text: LocalizableText) -> DoctorFinding {
            DoctorFinding(self, .error, "card-needs-vendor-module", text, next: install)
        }
        let askOpenSC = [localized("If it is not installed: sudo apt install opensc-pkcs11")]
        switch card.openSC {
        case .no: return needsVendor(localized("\(what), OpenSC does not know it."))
        case .cannotSign(let release):
            return needsVendor(
                localized("\(what), OpenSC reads it from release \(release) on, but cannot sign with it."))
        case .standardLayout where context.hasAskedOpenSC:
            return needsVendor(
                localized(
                    "\(what), OpenSC knows the card but finds no token on it: it was initialised with its vendor's own software."
                ))
        case .standardLayout:
            return DoctorFinding(
                self, .error, "card-unread",
                localized("\(what), and no module here reads it. OpenSC does if it has the standard layout."),
                next: askOpenSC + install)
        case .since(let release) where context.hasAskedOpenSC:
            return DoctorFinding(
                self, .error, "card-needs-newer-opensc",
                localized(
                    "\(what), OpenSC supports it from release \(release) on, but the one installed here does not."),
                next: [.verbatim("opensc-tool --version")] + install)
        case .since(let release):
            return DoctorFinding(
                self, .error, "card-unread",
                localized("\(what), and no module here reads it. OpenSC does from release \(release) on."),
                next: askOpenSC + install)
        }
    }
}
