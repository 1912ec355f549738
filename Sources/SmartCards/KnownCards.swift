extension KnownCard {
    /// Aladdin's, SafeNet's and Thales' tokens, and the cards in them: facts, ordered by age.
    ///
    /// Sources: *pcsc-tools* is the list of answers to reset that pcsc-tools ships (1.6.2); *OpenSC* are its drivers'
    /// tables and the issues named. An eToken PRO is a CardOS card in a USB case, and its answer is the card's: other
    /// vendors' cards have the same. Aladdin's own software keeps its files in the folder 6666, the standard in 5015.
    ///
    /// docs/tokens-on-linux.md has the same table, and a test compares them.
    public static let all: [KnownCard] = [
        card(
            "3BE200FFC11031FE55C8029C", "Aladdin eToken PRO (CardOS M4.0)", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BF29800FFC11031FE55C80315", "CardOS M4.01 card, as in the eToken PRO 32k", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BF29800FFC11031FE55C80412", "CardOS M4.01a card, as in the eToken PRO 32k", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BF21800FFC10A31FE55C8068A", "CardOS M4.2 card, as in the eToken PRO 64k", .standardLayout, .cardOS,
            "pcsc-tools; usb.ids (0529:0600 is the eToken PRO 64k, 4.2); OpenSC card-cardos.c"),
        card(
            "3BF2180002C10A31FE55C80776", "CardOS V4.3 card", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BF2180002C10A31FE58C80874", "CardOS V4.3B card", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BF2180002C10A31FE58C80975", "Aladdin eToken PRO 64k (CardOS V4.2B)", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BF2180002C10A31FE58C80B77", "CardOS V4.2C card", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BD21802C10A31FE58C80D51", "CardOS V4.4 card", .standardLayout, .cardOS,
            "pcsc-tools; OpenSC card-cardos.c"),
        card(
            "3BD5180081313A7D8073C8211030", "SafeNet eToken 5100 / 5110, eToken PRO 72k (Java)", .no, .java,
            "pcsc-tools; OpenSC issue 461; webcrypto-local issue 197"),
        card(
            "3BD518008131FE7D8073C82110F4", "SafeNet eToken (Java)", .no, .java, "pcsc-tools"),
        card(
            "3BFF9600008131FE4380318065B084565110120178829000" + "6A", "SafeNet eToken 5300", .no, .idPrime,
            "pcsc-tools; OpenSC issues 3486 and 3590"),
        card(
            "3BFF960000813180438031" + "8065B0850300EF120FFE82900066", "SafeNet eToken 5110 CC", .since("0.24"),
            .idPrime, "OpenSC pull requests 2812 and 3154"),
        card(
            "3BFF9600008131FE4380318065B0855956FB120178829000" + "88", "SafeNet eToken 5110 (IDPrime 940)",
            .since("0.27"), .idPrime, "OpenSC pull request 3493"),
        card(
            "3BFF9600008131FE4380318065B0855956FB120FFE829000" + "00", "SafeNet eToken 5110 CC (IDPrime 940)", .no,
            .idPrime, "pcsc-tools"),
        card(
            "3BFF9600008131FE4380318065B088666B39120178829000" + "45", "SafeNet eToken Fusion NFC", .no, .idPrime,
            "pcsc-tools"),
        card(
            "3BFF9600008131FE4380318065B0846566FB120178829000" + "85", "SafeNet eToken 5110+ FIPS",
            .cannotSign(since: "0.26"),
            .idPrime, "OpenSC pull request 3048; webcrypto-local pull request 291"),
        card(
            "3BFF9600008131FE4380318065B085050039120178829000" + "40", "SafeNet eToken 5110+ CC (940C)",
            .no, .idPrime, "fortify issue 568"),
    ]

    private static func card(
        _ atr: String, _ name: String, _ openSC: OpenSC, _ generation: Generation, _ source: String
    ) -> KnownCard {
        guard let atr = ATR(atr) else { preconditionFailure("not hexadecimal: \(atr)") }
        return KnownCard(
            name: name, atr: atr, generation: generation, openSC: openSC, software: .safeNet, source: source)
    }
}
