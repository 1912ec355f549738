import Foundation
import ServerFixtures
import Testing

/// The same with every kind of module: SoftHSM, OpenSC with a CardOS and a PIV card, a module like SafeNet's, tokens and
/// cards of another machine through p11-kit, and a real one if its serial number is given. A real token gets no wrong PIN.
@Suite(.waiting, .timeLimit(.minutes(20))) struct EveryKindOfModule {
    typealias Bench = KindOfModule.Bench

    @Test(arguments: KindOfModule.present) func itIsFoundByEachOfItsNames(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let shown = try bench.show()
        let serial = try #require(shown["serialNumber"] as? String)
        let uri = try #require(shown["uri"] as? String)
        let list = try bench.run("token", "list", "--uris")
        #expect(list.status == 0 && list.output.split(separator: "\n").contains(Substring(uri)), "\(list)")
        let names = [serial, serial.uppercased(), "0000" + serial, uri, bench.label, bench.certificateName]
        for name in names.compactMap(\.self) {
            let found = try bench.run("token", "show", name, "--json")
            #expect(found.status == 0, "\(name): \(found)")
            #expect(try found.json()["serialNumber"] as? String == serial, "\(name)")
            let waited = try bench.run("token", "wait", name, "--timeout", "0", "--json")
            #expect(waited.status == 0, "\(name): \(waited)")
            let tokens = try waited.json()["tokens"] as? [[String: Any]]
            #expect(tokens?.map { $0["serialNumber"] as? String } == [serial], "\(name): \(waited)")
        }
        let missing = try bench.run("token", "show", "nobody")
        #expect(missing.status == 2 && missing.errors.contains(serial), "\(missing)")
    }

    @Test(arguments: KindOfModule.present) func itIsListedAndSound(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let list = try bench.run("token", "list")
        let serial = try #require(try bench.show()["serialNumber"] as? String)
        #expect(list.status == 0 && list.output.contains(serial), "\(list)")
        if let name = bench.certificateName { #expect(list.output.contains(name), "\(list)") }
        let doctor = try bench.run("doctor", "--json")
        let findings = try #require(try doctor.json()["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["code"] as? String == "module-loads" }, "\(doctor)")
        #expect(findings.contains { $0["code"] as? String == "token-ready" }, "\(doctor)")
    }

    /// What docs/proven.md asks strangers for.
    @Test(arguments: KindOfModule.present) func itTellsAllThatReportsNeed(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let details = try #require(try bench.show()["pkcs11"] as? [String: Any])
        func number(_ part: Any?, _ key: String) -> Int? { (part as? [String: Any])?[key] as? Int }
        let library = try #require(details["library"] as? [String: Any], "\(details)")
        #expect((library["cryptoki"] as? String)?.hasPrefix("2.") == true, "\(library)")
        // CKF_TOKEN_INITIALIZED, CKF_USER_PIN_INITIALIZED.
        let token = details["token"]
        #expect(try #require(number(token, "flags")) & 0x408 == 0x408, "\(details)")
        #expect(try #require(number(token, "minPINLength")) <= #require(number(token, "maxPINLength")))
        let mechanisms = try #require(details["mechanisms"] as? [[String: Any]])
        // CKM_RSA_PKCS, with CKF_SIGN.
        let sign = try #require(mechanisms.first { $0["type"] as? Int == 1 }, "\(mechanisms)")
        let flags = try #require(number(sign, "flags"))
        #expect(sign["name"] as? String == "CKM_RSA_PKCS" && flags & 0x800 != 0)
        let slots = try #require(details["slots"] as? [[String: Any]])
        #expect(slots.contains { $0["id"] as? Int == number(details["slot"], "id") }, "\(details)")
        #expect((details["failures"] as? [String])?.isEmpty == true, "\(details)")
    }

    @Test(arguments: KindOfModule.present) func itsCertificateIsExported(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let file = bench.rehearsal.folder.file("exported.pem")
        let exported = try bench.run("token", "export", bench.name, "--output", file)
        #expect(exported.status == 0, "\(exported)")
        let print = try ChildProcess.run([
            "openssl", "x509", "-in", file, "-noout", "-fingerprint", "-sha1", "-subject",
        ])
        let certificates = try #require(try bench.show()["certificates"] as? [[String: Any]])
        let sha1 = try #require(certificates.first?["sha1"] as? String)
        #expect(print.replacing(":", with: "").lowercased().contains(sha1), "\(print)")
        if let name = bench.certificateName { #expect(print.contains(name), "\(print)") }
    }

    @Test(arguments: KindOfModule.signing) func itSignsWhatVerifies(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let before = try bench.left
        let signed = try bench.sign()
        #expect(signed.status == 0, "\(signed)")
        let verified = try bench.rehearsal.bridge("ctl", "verify", bench.rehearsal.folder.file("a.tlv"))
        // One token is one too few for a cluster; that is all that is wrong with the file.
        #expect(verified.output.contains("ok      The signature verifies: "), "\(verified)")
        #expect(verified.output.components(separatedBy: "FAILED").count == 2, "\(verified)")
        let tested = try bench.run("token", "test", bench.name, "--pin-file", bench.pinFile)
        #expect(tested.status == 0 && tested.output.contains("1 of 1 tokens can sign."), "\(tested)")
        #expect(try bench.left == before)
    }

    @Test(arguments: KindOfModule.ours) func aWrongPINCostsOneTry(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let before = try bench.left
        let wrong = try bench.sign(pin: "Cisco124")
        #expect(wrong.status == 3 && wrong.errors.contains("One PIN attempt has been used."), "\(wrong)")
        #expect(!(wrong.errors + wrong.output).contains("Cisco124"))
        #expect(try bench.left == before.map { $0 - 1 })
        let right = try bench.sign()
        #expect(right.status == 0 && right.errors.contains("Warning: "), "\(right)")
        #expect(try bench.left == before)
        #expect(try !bench.sign().errors.contains("Warning: "))
    }

    @Test(arguments: KindOfModule.ours) func whatCannotBeThePINCostsNone(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let before = try bench.left
        for pin in ["\u{feff}Cisco123", "Cisco123 ", "Cis\u{1b}[Dco123", String(repeating: "1", count: 300)] {
            let refused = try bench.sign(pin: pin)
            #expect(refused.status == 1 && refused.errors.contains("No PIN attempt was used."), "\(pin): \(refused)")
        }
        #expect(try bench.left == before)
        #expect(try bench.sign().status == 0)
    }

    /// A wrong current PIN changes nothing, and nothing that is said leads to a second wrong one.
    @Test(arguments: KindOfModule.ours) func aWrongCurrentPINChangesNothing(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let folder = bench.rehearsal.folder
        let before = try bench.left
        let changed = try bench.run(
            "token", "change-pin", bench.name, "--allow-weak-pin", "--pin-file", folder.write("old", "Cisco124\n"),
            "--new-pin-file", folder.write("new", "736284\n"))
        #expect(changed.status == 3 && !changed.errors.contains("new PIN"), "\(changed)")
        #expect(try bench.left == before.map { $0 - 1 })
        let signed = try bench.sign()
        #expect(signed.status == 0 && !signed.errors.contains("new PIN"), "\(signed)")
    }

    /// Both kinds of failure of a test, and no PIN of one token on another.
    @Test(arguments: KindOfModule.ours) func itsTestSaysWhatIsWrong(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let before = try bench.left
        let wrong = bench.rehearsal.folder.write("wrong", "Cisco124\n")
        let test = try bench.run("token", "test", bench.name, "--pin-file", wrong, "--json")
        let entry = try #require((try test.json()["tokens"] as? [[String: Any]])?.first)
        let steps = try #require(entry["steps"] as? [[String: Any]])
        #expect(test.status == 3 && steps.last?["step"] as? String == "pin", "\(test)")
        #expect(try bench.left == before.map { $0 - 1 })
        let missing = try bench.run("token", "test", "nobody", bench.name, "--pin-file", bench.pinFile)
        #expect(missing.status == 64 && missing.errors.contains("no PIN attempt was used"), "\(missing)")
        #expect(try bench.left == before.map { $0 - 1 })
    }

    // MARK: - Cards

    /// The card took the new PIN, and nobody heard of it.
    @Test(arguments: KindOfModule.cards) func aPullDuringAChangeLeadsToTheRightPIN(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let folder = bench.rehearsal.folder
        let cards = try #require(bench.cards)
        func change(_ old: String, _ new: String) throws -> Rehearsal.Result {
            try bench.run(
                "token", "change-pin", bench.name, "--allow-weak-pin", "--pin-file", folder.write("old", old + "\n"),
                "--new-pin-file", folder.write("new", new + "\n"))
        }
        try cards.tell(1, "trap pull after change")
        let pulled = try change("Cisco123", "736284")
        #expect(pulled.status == 2 && pulled.errors.contains("Try the new PIN first"), "\(pulled)")
        try cards.insertAndWait(1)
        let signed = try bench.sign(pin: "736284")
        #expect(signed.status == 0 && signed.errors.contains("The new PIN may hold already"), "\(signed)")
        #expect(try bench.left == 15)
        // Pulled before: the old one holds, which the refusal of the new one says.
        try cards.tell(1, "trap pull before change")
        #expect(try change("736284", "839271").status == 2)
        try cards.insertAndWait(1)
        #expect(try bench.sign(pin: "839271").status == 3)
        let old = try bench.sign(pin: "736284")
        #expect(old.status == 0 && old.errors.contains("the old one still holds"), "\(old)")
        #expect(try bench.left == 15)
    }

    @Test(arguments: KindOfModule.cards) func aPullWhileSigningIsSaid(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let cards = try #require(bench.cards)
        for point in ["verify", "sign"] {
            _ = try bench.show()
            try cards.tell(1, "trap pull before \(point)")
            let result = try bench.sign()
            #expect(result.status == 2 && result.errors.contains("was removed while in use"), "\(point): \(result)")
            try cards.insertAndWait(1)
        }
        #expect(try bench.sign().status == 0)
    }

    // MARK: - PINs

    @Test(arguments: KindOfModule.ours) func itsPINIsChanged(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        let folder = bench.rehearsal.folder
        // A PIV card takes only digits (NIST SP 800-73-4, part 2, section 2.4.3), so that there is no way back.
        let changes = kind == .piv ? [("Cisco123", "736284")] : [("Cisco123", "Krakow-1"), ("Krakow-1", "Cisco123")]
        for (old, next) in changes {
            let changed = try bench.run(
                "token", "change-pin", bench.name, "--allow-weak-pin", "--pin-file", folder.write("old", old + "\n"),
                "--new-pin-file", folder.write("new", next + "\n"))
            #expect(changed.status == 0, "\(old): \(changed)")
            #expect(try bench.sign(pin: next).status == 0)
        }
    }

    /// Ten of Cisco's fifteen, or all but the last one where the token tells.
    @Test(arguments: KindOfModule.ours) func wrongPINsEndBeforeItLocks(kind: KindOfModule) throws {
        let bench = try Bench(kind)
        var tried = 0
        var last = try bench.sign(pin: "Cisco124")
        while last.status == 3, tried < 20 {
            tried += 1
            last = try bench.sign(pin: "Cisco124")
        }
        #expect(last.status == 4, "\(tried): \(last)")
        #expect(tried == (kind == .safeNetLike ? ModuleShim.tries - 1 : 10))
        if let left = try bench.left { #expect(left == 15 - tried && left >= 1) }
        // Nor is a right one tried, as nobody knows that it is right.
        #expect(try bench.sign().status == 4)
    }
}
