import Messages

/// Whether tokens that are plugged in have a reader driver: the older ones are no CCID devices, and the distributions have
/// no driver for them.
struct USBCheck: DoctorCheck {
    let name = "usb"

    func findings(_ context: DoctorContext) -> [Finding] {
        USBToken.pluggedIn().map { token in
            let what: LocalizableText = localized("\(token.name) is plugged in (USB \(token.id))")
            if !token.hasDriver {
                return Finding(
                    self, .problem, "usb-no-driver",
                    localized("\(what), and no reader driver of the smart card service knows it."),
                    next: [
                        localized(
                            "Install the reader driver of the token's maker (SafeNet Authentication Client brings that of eTokens), then restart pcscd."
                        ),
                        .verbatim("etoken-bridge doctor"),
                    ])
            }
            if case .success = context.service, context.readers.isEmpty {
                return Finding(
                    self, .problem, "usb-not-seen",
                    localized("\(what), but the smart card service sees no reader."),
                    next: [
                        context.hasSystemd ? .verbatim("sudo systemctl restart pcscd") : localized("Restart pcscd."),
                        localized("If it still is not seen: sudo pcscd --foreground --debug"),
                    ])
            }
            return Finding(self, .ok, "usb-token", localized("\(what)."))
        }
    }
}
