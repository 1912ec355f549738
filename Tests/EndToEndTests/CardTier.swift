import Foundation
import ServerFixtures
import Testing

/// The programs on virtual tokens: a real smart card service, real OpenSC, and a card that counts its commands.
@Suite(.waiting, .timeLimit(.minutes(10))) struct CardTier {
    private static let label = VirtualTokens.labels[1]

    /// Virtual tokens, their exported certificates, and a trust list that the second one can sign.
    private struct Table {
        let cards: VirtualTokens
        let rehearsal: Rehearsal

        init(kind: String = "cardos", tries: Int = 15, wrongPIN: String = "plain") throws {
            cards = try VirtualTokens(kinds: ["cardos", kind], tries: tries, wrongPIN: wrongPIN)
            rehearsal = try Rehearsal(cards: cards)
            let exported = try rehearsal.token("export", "--all", "--output", rehearsal.folder.path)
            #expect(exported.status == 0, "\(exported.errors)")
        }

        func sign(pin: String? = nil, _ extra: String...) throws -> Rehearsal.Result {
            let folder = rehearsal.folder
            return try rehearsal.ctl(
                ["build", "--force", "--output", folder.file("a.tlv"), "--sign-with", CardTier.label]
                    + VirtualTokens.labels.flatMap { ["--record", "sast:\(folder.file("\($0).pem"))"] }
                    + ["--module", cards.module]
                    + ["--pin-file", pin.map { folder.write("pin", $0 + "\n") } ?? cards.pinFile] + extra)
        }
    }

    @Test(arguments: ["cardos", "piv"])
    func signsWithTheCardsKey(kind: String) throws {
        let table = try Table(kind: kind)
        let result = try table.sign()
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("still has its factory PIN"))
        #expect(try table.cards.status(1) == .init(tries: 15, verifications: 1, signatures: 1))
        #expect(try table.rehearsal.bridge("ctl", "verify", table.rehearsal.folder.file("a.tlv")).status == 0)
    }

    @Test func showsWhatIsOnTheCard() throws {
        let table = try Table(kind: "piv")
        let list = try table.rehearsal.token("list")
        #expect(list.status == 0)
        #expect(list.output.contains("SAST-ADN0054f509  0054f509"))
        #expect(
            try table.rehearsal.token("show", "nobody").errors.contains(
                "found: SAST-ADN0054f509 (serial 0054f509), SAST-ADN0085"))
        let show = try table.rehearsal.token("show", "SAST-ADN0054f509")
        #expect(show.output.contains("Virtual PCD 00 00") && show.output.contains("certificate of a Cisco SAST token"))
        #expect(show.output.contains("Public key    id %01, label SAST-ADN0054f509, RSA, 1024 bit"))
        #expect(try table.cards.status(0).verifications == 0)
    }

    /// Each way in which a card reports a wrong PIN, down to the last try but one; then the right PIN.
    @Test(arguments: [("cardos", "plain"), ("cardos", "counted"), ("piv", "counted")])
    func aWrongPINIsTriedOnce(kind: String, wrongPIN: String) throws {
        let table = try Table(kind: kind, tries: 3, wrongPIN: wrongPIN)
        let result = try table.sign(pin: "Cisco124", "--verbose")
        #expect(result.status == 3, "\(result.errors)")
        #expect(result.errors.contains("One PIN attempt has been used."))
        #expect(!result.errors.contains("Cisco124"))
        #expect(try table.cards.status(1) == .init(tries: 2, verifications: 1, signatures: 0))
        #expect(!FileManager.default.fileExists(atPath: table.rehearsal.folder.file("a.tlv")))
        // The next run says so before it tries, and a right PIN clears that.
        let right = try table.sign()
        #expect(right.status == 0, "\(right.errors)")
        #expect(right.errors.contains("1 wrong PIN was tried on token \(Self.label)"))
        #expect(try table.cards.status(1) == .init(tries: 3, verifications: 2, signatures: 1))
        #expect(try !table.sign().errors.contains("wrong PIN"))
    }

    /// PIV reports that one try is left: it is not used. CardOS through OpenSC reports nothing, so this program's own
    /// count takes its place.
    @Test func theLastTryIsNotUsed() throws {
        let table = try Table(kind: "piv", tries: 2)
        #expect(try table.sign(pin: "Cisco124").status == 3)
        for pin in ["Cisco124", "Cisco123"] {
            let result = try table.sign(pin: pin)
            #expect(result.status == 4)
            #expect(result.errors.contains("has one PIN try left"))
        }
        #expect(try table.cards.status(1) == .init(tries: 1, verifications: 1, signatures: 0))
    }

    @Test func wrongPINsAreCountedWhereTheCardDoesNotTell() throws {
        let table = try Table()
        for count in 1...10 {
            #expect(try table.sign(pin: "Cisco124").status == 3)
            #expect(try table.cards.status(1).tries == 15 - count)
        }
        let refused = try table.sign()
        #expect(refused.status == 4)
        #expect(refused.errors.contains("10 wrong PINs in a row"))
        #expect(try table.cards.status(1) == .init(tries: 5, verifications: 10, signatures: 0))
    }

    @Test func aLockedCardIsSaid() throws {
        let table = try Table(tries: 1)
        #expect(try table.sign(pin: "Cisco124").status == 3)
        let locked = try table.sign()
        #expect(locked.status == 4)
        #expect(locked.errors.contains("The PIN of token \(Self.label) is locked."))
        #expect(try table.cards.status(1) == .init(tries: 0, verifications: 2, signatures: 0))
        // It is not prompted for again.
        #expect(try table.sign().status == 4)
        #expect(try table.cards.status(1).verifications == 2)
    }

    /// Removing the token before and after every kind of command needed for signing.
    @Test(arguments: ["cardos", "piv"])
    func aPullAtAnyPointIsSaidAndNothingIsWritten(kind: String) throws {
        let table = try Table(kind: kind)
        let points = ["select", "read", "verify", "sign"] + (kind == "cardos" ? ["choose"] : [])
        for point in points {
            for moment in ["before", "after"] {
                try table.cards.tell(1, "trap pull \(moment) \(point)")
                let before = try table.cards.status(1)
                let result = try table.sign("--json")
                #expect(result.status == 2, "\(point) \(moment): \(result.errors)")
                let wasSeen = ["select", "read"].contains(point)
                let code = try (result.json()["error"] as? [String: Any])?["code"] as? String
                #expect(code == (wasSeen ? "token-not-found" : "token-pulled"), "\(point) \(moment): \(result.errors)")
                #expect(
                    result.errors.contains(wasSeen ? "No token is called" : "was removed while in use"),
                    "\(point) \(moment): \(result.errors)")
                let after = try table.cards.status(1)
                #expect(after.verifications - before.verifications <= 1)
                #expect(!FileManager.default.fileExists(atPath: table.rehearsal.folder.file("a.tlv")))
                try table.cards.insertAndWait(1)
            }
        }
        let whole = try table.sign()
        #expect(whole.status == 0, "\(whole.errors)")
    }

    /// OpenSC 0.23 deadlocks if a PIV card is removed while its tries are queried: the deadline still holds.
    @Test func aModuleThatLocksUpEndsTheCommand() throws {
        let table = try Table(kind: "piv")
        try table.cards.tell(1, "trap pull before query")
        let result = try table.sign("--token-timeout", "1")
        #expect([1, 2].contains(result.status) && !result.errors.isEmpty)
        #expect(try table.cards.status(1) == .init(tries: 15, verifications: 0, signatures: 0))
    }

    /// The program ends in time, says why, and has tried no PIN twice.
    @Test(arguments: ["select", "verify", "sign"])
    func aHungTokenEndsTheCommand(point: String) throws {
        let table = try Table()
        try table.cards.tell(1, "trap hang before \(point)")
        let result = try table.sign("--token-timeout", "1")
        #expect(result.status == 1)
        #expect(result.errors.contains("did not answer within 1 s"), "\(result.errors)")
        #expect(try table.cards.status(1).verifications <= 1)
        #expect(!FileManager.default.fileExists(atPath: table.rehearsal.folder.file("a.tlv")))
    }

    /// A PIV card accepts digits only (NIST SP 800-73-4, part 2, section 2.4.3).
    @Test(arguments: [("cardos", "Krakow-1"), ("piv", "736284")])
    func thePINIsChanged(kind: String, new: String) throws {
        let table = try Table(kind: kind)
        let folder = table.rehearsal.folder
        func change(_ old: String, _ new: String) throws -> Rehearsal.Result {
            try table.rehearsal.run(
                Programs.path("etoken-bridge"),
                [
                    "token", "change-pin", Self.label, "--module", table.cards.module, "--pin-file",
                    folder.write("old", old + "\n"), "--new-pin-file", folder.write("new", new + "\n"), "--json",
                ])
        }
        // Nothing is tried if the new PIN is refused.
        for weak in ["Cisco123", "123456", "aaaaaaab", "SAST-ADN008580ef", "short", "with space"] {
            let refused = try change("Cisco123", weak)
            #expect(refused.status == 1 && refused.errors.contains("the current one was not tried"), "\(weak)")
        }
        // A good one, but longer than any token takes.
        let long = try change("Cisco123", (0..<300).map { "\($0)" }.joined(separator: "-"))
        #expect(long.status == 1, "\(long)")
        #expect(try (long.json()["error"] as? [String: Any])?["code"] as? String == "pin-unsuitable", "\(long)")
        #expect(try table.cards.status(1).verifications == 0)
        #expect(try change("Cisco124", new).status == 3)
        #expect(try table.cards.status(1).tries == 14)
        let changed = try change("Cisco123", new)
        #expect(changed.status == 0, "\(changed.errors)")
        #expect(!(changed.output + changed.errors).contains(new))
        // The change, and the login that verifies it.
        #expect(try table.cards.status(1) == .init(tries: 15, verifications: 3, signatures: 0))
        #expect(try table.sign(pin: "Cisco123").status == 3)
        let signed = try table.sign(pin: new)
        #expect(signed.status == 0)
        #expect(!signed.errors.contains("factory"))
    }
}
