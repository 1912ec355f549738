import ServerFixtures
import Testing

/// Command lines that the program takes without ArgumentParser, to be faster, mean what they mean to it.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PlainCommands {
    let rehearsal: Rehearsal
    let list: String

    init() throws {
        rehearsal = try Rehearsal(lab: false)
        for token in Rehearsal.tokens {
            #expect(try rehearsal.token("export", token, "--output", rehearsal.folder.path).status == 0)
        }
        list = rehearsal.folder.file("a.tlv")
        let records = Rehearsal.tokens.flatMap { ["--record", "sast:\(rehearsal.folder.file("\($0).pem"))"] }
        let built = try rehearsal.ctl(
            ["build", "--output", list] + records + rehearsal.signing(Rehearsal.tokens[0]))
        #expect(built.status == 0, "\(built.errors)")
    }

    /// Both give the same status and the same words.
    private func expectSame(_ plain: [String], _ parsed: [String], status: Int32 = 0) throws {
        let one = try rehearsal.run(Programs.path("etoken-bridge"), plain)
        let other = try rehearsal.run(Programs.path("etoken-bridge"), parsed)
        #expect(one.status == status && other.status == status, "\(plain): \(one.errors) \(other.errors)")
        #expect(one.output == other.output && one.errors == other.errors, "\(plain)")
        #expect(!(one.output + one.errors).isEmpty)
    }

    @Test func aListIsShown() throws {
        try expectSame(["ctl", "show", list], ["ctl", "show", "--format", "table", list])
        try expectSame(["ctl", "show", "--json", list], ["ctl", "show", "--json", "--format=table", "--", list])
        try expectSame(["ctl", "show", list, "--verbose"], ["ctl", "show", "--format=table", "--verbose", list])
        // What is missing is said in the same way.
        let none = rehearsal.folder.file("none.tlv")
        try expectSame(["ctl", "show", none], ["ctl", "show", "--format=table", none], status: 2)
        try expectSame(
            ["ctl", "show", "--json", none], ["ctl", "show", "--format=table", "--json", none], status: 2)
    }

    @Test func tokensAreListed() throws {
        let module = rehearsal.module
        try expectSame(
            ["token", "list", "--module", module], ["token", "list", "--module=\(module)", "--token-timeout=30"])
        try expectSame(
            ["token", "list", "--json", "--module", module, "--module", "/nowhere.so"],
            ["token", "list", "--json", "--module=\(module)", "--module=/nowhere.so"])
    }

    /// Nobody takes what ArgumentParser refuses.
    @Test(arguments: [
        ["ctl", "show"], ["ctl", "show", "a", "b"], ["ctl", "show", ""], ["ctl", "show", "a", "--json", "--jsonl"],
        ["ctl", "show", "-x"], ["token", "list", "a"], ["token", "list", "--module"],
        ["token", "list", "--module", "--json"], ["token", "list", "--token-timeout", "0"],
    ])
    func whatIsWrongIsRefused(words: [String]) throws {
        let result = try rehearsal.run(Programs.path("etoken-bridge"), words)
        #expect(words == ["ctl", "show", ""] ? result.status != 0 : result.status == 64, "\(words): \(result.errors)")
    }
}
