import Messages

/// Whether plugged-in tokens have a reader driver: the older ones are not CCID devices, and the distributions have no
/// driver for them.
struct USBCheck: DoctorCheck {
    let name = "usb"

    func findings(_ context: DoctorContext) -> [DoctorFinding] {
        USBToken.pluggedIn().map { token in
            let what: LocalizableText = localized("\(token.name) is plugged in (USB \(token.shownID))")
            let drivers = token.drivers()
            if drivers.isEmpty {
                // An unknown one may be no token.
                return DoctorFinding(
                    self, token.isKnown ? .error : .warning, "usb-no-driver",
                    localized("\(what), but no reader driver of the smart card service supports it."),
                    next: [
                        localized(
                            "Install the reader driver of the token's vendor (SafeNet Authentication Client includes that of eTokens), then restart pcscd."
                        ),
                        token.generation?.release,
                        .verbatim("etoken-bridge doctor"),
                    ].compactMap(\.self))
            }
            let missing = drivers.compactMap(\.missingLibrary)
            if missing.count == drivers.count {
                return DoctorFinding(
                    self, .error, "usb-driver-broken",
                    localized("\(what), but its reader driver lacks its library: \(missing[0]) does not exist."),
                    next: [
                        localized("Reinstall the package that the driver belongs to, then restart pcscd."),
                        .verbatim("etoken-bridge doctor"),
                    ])
            }
            if case .success = context.service, context.readers.isEmpty {
                return DoctorFinding(
                    self, .error, "usb-not-seen",
                    localized("\(what), but the smart card service sees no reader."),
                    next: [
                        context.hasSystemd ? .verbatim("sudo systemctl restart pcscd") : localized("Restart pcscd."),
                        localized("If it is still not detected: sudo pcscd --foreground --debug"),
                    ])
            }
            return DoctorFinding(self, .ok, "usb-token", localized("\(what)."))
        }
    }
}
