import Foundation
import Messages
import ServerFixtures
import SmartCards
import Testing

@Suite(.waiting, .timeLimit(.minutes(10))) struct Tables {
    /// Every status in pcsc-lite's own header has a name and a sentence here, and vice versa.
    @Test func everyStatusHasASentence() throws {
        let header = try String(contentsOfFile: "/usr/include/PCSC/pcsclite.h", encoding: .utf8)
        var names: [UInt32: Set<String>] = [:]
        for line in header.split(separator: "\n") where line.hasPrefix("#define SCARD_") {
            let parts = line.split(whereSeparator: \.isWhitespace)
            guard parts.count > 2, let start = parts[2].range(of: "((LONG)0x")?.upperBound else { continue }
            let number = try #require(UInt32(parts[2][start...].prefix { $0 != ")" }, radix: 16))
            names[number, default: []].insert(String(parts[1]))
        }
        #expect(names.count >= 60)
        for (number, expected) in names {
            let status = PCSCStatus(rawValue: number)
            #expect(expected.contains(status.name), "\(String(number, radix: 16))")
            #expect(
                !status.sentence.localized.contains("answers") && !status.sentence.localized.hasSuffix("."),
                "\(status.name)")
        }
        #expect(Set(PCSCStatus.known.map(\.rawValue)) == Set(names.keys).union([1]))
        #expect(PCSCStatus(rawValue: 0x8010_00FF).sentence.localized == "the smart card service returned 0x801000FF")
    }

    @Test(arguments: [
        (PCSCStatus.noService, "pcsc-no-service"), (.serviceStopped, "pcsc-no-service"),
        (.notInstalled, "pcsc-not-installed"),
        (.securityViolation, "pcsc-refused"), (PCSCStatus(rawValue: 0x8010_00FF), "pcsc-failed"),
    ])
    func everyStatusHasACode(status: PCSCStatus, code: String) {
        let error = SmartCardError("SCardEstablishContext", status)
        #expect(error.code.rawValue == code)
        #expect(error.details.map(\.localized) == ["SCardEstablishContext returned \(status.name)"])
    }

    /// A mistyped digit in the table would show in the check byte, or in the length.
    @Test func knownCardsAreWellFormedAndDifferent() {
        for card in KnownCard.all {
            #expect(card.atr.isWellFormed, "\(card.name): \(card.atr)")
            #expect(KnownCard.with(card.atr) == card)
            #expect(!card.source.isEmpty)
        }
        #expect(Set(KnownCard.all.map(\.atr)).count == KnownCard.all.count)
        #expect(Set(KnownCard.all.map(\.name)).count == KnownCard.all.count)
    }

    /// docs/tokens-on-linux.md has a line for each card, in this order.
    @Test func theDocumentedTableIsThisOne() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("docs/tokens-on-linux.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let written = text.split(separator: "\n").filter { $0.hasPrefix("| `3B:") }.map(String.init)
        let expected = KnownCard.all.map { card in
            let openSC =
                switch card.openSC {
                case .standardLayout: ", OpenSC (standard layout)"
                case .since(let release): ", OpenSC from \(release) on"
                case .cannotSign(let release): ", OpenSC from \(release) on (reads it, cannot sign)"
                case .no: ""
                }
            return "| `\(card.atr)` | \(card.name) | \(card.software.name)\(openSC) |"
        }
        #expect(written == expected, "\(expected.joined(separator: "\n"))")
    }

    @Test func damagedAnswersAreNotWellFormed() throws {
        // The ATRs of these all have a check byte.
        for card in KnownCard.all where card.software == .safeNet {
            for index in card.atr.bytes.indices.dropFirst() {
                var bytes = card.atr.bytes
                bytes[index] ^= 1
                #expect(!ATR(bytes).isWellFormed)
            }
            #expect(!ATR(Array(card.atr.bytes.dropLast())).isWellFormed)
            #expect(!ATR(card.atr.bytes + [0]).isWellFormed)
        }
        // T=0 only: no check byte.
        #expect(try #require(ATR("3B 02 14 50")).isWellFormed)
        #expect(!ATR([]).isWellFormed && !ATR([0x3b]).isWellFormed)
        #expect(!ATR([0x3b] + [UInt8](repeating: 0xff, count: 32)).isWellFormed)
    }

    @Test func answersAreReadAndWrittenAsHexadecimal() throws {
        let atr = try #require(ATR("3b f2:1800"))
        #expect(atr.bytes == [0x3b, 0xf2, 0x18, 0x00])
        #expect(atr.description == "3B:F2:18:00")
        for bad in ["", "3", "3bf", "3x", "3b,f2"] { #expect(ATR(bad) == nil) }
    }
}
