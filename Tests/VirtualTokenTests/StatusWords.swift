import Basics
import Testing
import X509

@testable import VirtualToken

/// The virtual cards without a reader: every status word, and commands and responses in parts (ISO 7816-4).
@Suite(.timeLimit(.minutes(5))) struct StatusWords {
    private static let contents = Result {
        let key = try PrivateKey.generate(bits: 1024)
        let builder = CertificateBuilder(
            subject: DistinguishedName(["CN": "SAST-1"]), serialNumber: [1], notBefore: 1_400_000_000,
            notAfter: 2_000_000_000)
        return try TokenContents(
            label: "SAST-1", serialNumber: [0x54], manufacturer: "Aladdin Ltd.",
            certificate: builder.selfSigned(by: key), key: key)
    }

    private static func pin() throws -> PIN { try PIN(Array("Cisco123".utf8), maximum: 3) }

    private func cardos(_ wrong: WrongPINStatus = .plain) throws -> CardLogic {
        CardLogic(CardOSCard(try Self.contents.get(), pin: try Self.pin(), wrongPIN: wrong))
    }

    private func piv() throws -> CardLogic { CardLogic(PIVCard(try Self.contents.get(), pin: try Self.pin())) }

    private func words(_ card: CardLogic, _ commands: String...) throws -> [Int] {
        try commands.map { card.answer(try #require([UInt8](hex: $0))).suffix(2).bigEndian(as: Int.self) }
    }

    private static let right = "0020008108436973636f313233", wrong = "0020008108436973636f313234"
    private static let sign = "002a9e9a0100"

    @Test(arguments: [
        ("002000", 0x6700), ("00200081", 0x6700), ("00a40000023f00", 0x9000), ("00a40000013f", 0x6a80),
        ("00a40000021234", 0x6a82), ("00b0000000", 0x6986), ("00b0800000", 0x6a86), ("00ca099900", 0x6a88),
        ("00c0000000", 0x6985), (sign, 0x6982), ("00ff0000", 0x6d00), ("a0b0000000", 0x6e00),
    ]) func aFreshCard(command: String, word: Int) throws { #expect(try words(cardos(), command) == [word]) }

    @Test func readingBeyondTheEnd() throws {
        #expect(try words(cardos(), "00a4080c0450155032", "00b07fff00") == [0x9000, 0x6b00])
    }

    @Test func thePINAndTheKey() throws {
        #expect(
            try words(cardos(), Self.right, Self.sign, "002241b6", Self.sign) == [0x9000, 0x6985, 0x9000, 0x9000])
        #expect(
            try words(cardos(), Self.wrong, Self.wrong, Self.wrong, Self.right) == [0x6300, 0x6300, 0x6300, 0x6983])
        #expect(try words(cardos(.counted), Self.wrong) == [0x63c2])
        // In two parts.
        #expect(try words(cardos(), "102000810443697363", "00200081046f313233", "002241b6", Self.sign).last == 0x9000)
    }

    @Test func aPIVCard() throws {
        #expect(
            try words(
                piv(), "00cb3fff00", "00a4040005a000000308", "00200080", Self.right, "002000800431323334",
                "0087079a0100", "0087069a0100") == [0x6d00, 0x9000, 0x63c3, 0x6a88, 0x6a80, 0x6a86, 0x6982])
        let card = try piv()
        _ = try words(card, "00a4040005a000000308")
        let first = card.answer(try #require([UInt8](hex: "00cb3fff055c035fc10500")))
        #expect(first.count == 258 && first[256] == 0x61)
        #expect(try words(card, "00c0000000", "00c0000000") == [0x9000, 0x6985])
    }

    @Test func aSafeNetCardRespondsToNothing() throws {
        #expect(try words(CardLogic(SafeNetCard(pin: Self.pin())), Self.right) == [0x6d00])
    }
}
