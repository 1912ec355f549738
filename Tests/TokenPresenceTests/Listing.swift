import Foundation
import ServerFixtures
import Testing

/// `token list` and `token show` report the reader, its card's ATR, and what is known about the card.
@Suite(.waiting, .timeLimit(.minutes(10))) struct Listing {
    @Test func readersAndCardsAreTold() throws {
        let tokens = try VirtualTokens(kinds: ["cardos", "safenet"])
        let module = ["--module", tokens.module]
        let show = try Program(["token", "show", VirtualTokens.labels[0]] + module, environment: tokens.environment)
        #expect(show.status() == 0)
        #expect(show.lines.contains("Reader        Virtual PCD 00 00"))
        #expect(show.lines.contains("ATR           3B:F2:18:00:02:C1:0A:31:FE:58:C8:09:75"))
        #expect(show.lines.contains("Card          Aladdin eToken PRO 64k (CardOS V4.2B)"))

        let list = try Program(["token", "list", "--json"] + module, environment: tokens.environment)
        #expect(list.status() == 0, "\(list.errors)")
        let document = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [String: Any]
        let entries = try #require(document?["tokens"] as? [[String: Any]])
        let reader = try #require(entries.first?["reader"] as? [String: Any])
        #expect(reader["name"] as? String == "Virtual PCD 00 00")
        #expect(reader["atr"] as? String == "3B:F2:18:00:02:C1:0A:31:FE:58:C8:09:75")
        #expect(reader["card"] as? String == "Aladdin eToken PRO 64k (CardOS V4.2B)")
        // The card that is not a token for any module here is not silently skipped.
        #expect(
            list.errors.contains(
                "Reader Virtual PCD 00 01 holds SafeNet eToken 5100 / 5110, eToken PRO 72k (Java), which no module reads"
            ))
    }

    /// Tokens in no reader are listed without one, also if there is no smart card service.
    @Test func tokensInNoReader() throws {
        let tokens = try MockTokens()
        let show = try Program(
            ["token", "show", VirtualTokens.labels[1], "--module", tokens.module],
            environment: tokens.environment + ["PCSCLITE_CSOCK_NAME=/nonexistent"])
        #expect(show.status() == 0)
        #expect(show.lines.contains { $0.hasPrefix("Slot          SoftHSM slot") })
        #expect(!show.output.contains("ATR"))
        #expect(show.errors.isEmpty)
    }
}
