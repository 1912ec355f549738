import Basics
import Cluster
import Configuration
import ServerFixtures
import Testing
import Transfers

@testable import Captures

/// Recordings of terminals and tables.
@Suite(.waiting, .timeLimit(.minutes(2))) struct Recordings {
    private func table(rows: Int) -> Exchange {
        let text =
            "run sql select name from device\r\nname            \r\n=============== \r\n"
            + (0..<rows).map { "SEP\(String(100_000_000_000 + $0 * 7)) \r\n" }.joined() + "admin:"
        var exchange = Exchange(.ssh, node: "n", question: "run sql select name from device", answer: Array(text.utf8))
        exchange.events = [
            .init(kind: .received, bytes: 500, after: 10),
            .init(kind: .received, bytes: text.utf8.count - 500, after: 10),
        ]
        return exchange
    }

    @Test func longTablesAreCut() throws {
        let trimmed = Trim.trimmed(table(rows: 100))
        #expect(trimmed.rowsLeftOut == 60)
        #expect(trimmed.events?.reduce(0) { $0 + $1.bytes } == trimmed.answer.count)
        guard case .understood(let facts) = Understanding(of: trimmed) else {
            Issue.record("\(Understanding(of: trimmed))")
            return
        }
        #expect(facts.count == Trim.limit)
        #expect(Trim.trimmed(table(rows: 30)) == table(rows: 30))
    }

    @Test func longAnswersInXMLAreCut() {
        let rows = (0..<50).map { "<row><name>SEP\($0)</name></row>" }.joined()
        let exchange = Exchange(
            .axl, node: "n", question: "POST /axl/", answer: Array("<a><return>\(rows)</return></a>".utf8))
        let text = String(decoding: Trim.trimmed(exchange).answer, as: UTF8.self)
        #expect(text.hasSuffix("<row><name>SEP39</name></row></return></a>"))
    }

    /// The terminal's bytes say the same as what was read live: prompts, echo, pages.
    @Test func aTerminalIsReadAgain() {
        var trace = TerminalTrace(command: "show version active")
        trace.events = [
            .stale(Array("admin:".utf8)), .received(Array("show version active\r\nActive Master".utf8), after: 5),
            .received(Array(" Version: 10.5.2\r\nPress <enter> for 1 line, <space> for one page".utf8), after: 2),
            .sent([0x20]), .received(Array("\rmore\r\n4:admin:".utf8), after: 60),
        ]
        #expect(trace.text?.contains("Active Master Version: 10.5.2") == true)
        #expect(trace.text?.contains("Press") == false)
        trace.events.removeLast()
        #expect(trace.text == nil)
    }

    /// Of a login only the names of its fields are taken down, and no answer's cookie keeps its value.
    @Test func noLoginIsRecorded() throws {
        let node = NodeConfiguration(name: "voice7", isPublisher: true, address: "10.1.2.3")
        let recorder = Recorder(ClusterConfiguration(name: "x", nodes: [node]))
        let fields = [FormField("j_username", "jane"), FormField("j_password", "geheim-123")]
        _ = try recorder.http(.form("https://10.1.2.3:8443/cmplatform/j_security_check", fields)) {
            () throws(TransferError) in
            HTTPResponse(
                status: 302, headers: [HTTPHeader("Set-Cookie", "JSESSIONID=abcDEF123; Path=/")], body: [], url: "")
        }
        let exchange = try #require(recorder.all.first)
        #expect(exchange.source == .web && exchange.node == "voice7" && exchange.request == "j_username\nj_password")
        let disguise = Disguise(ClusterConfiguration(name: "x", nodes: [node]))
        try disguise.learn(from: [exchange])
        let header = try #require(try disguise.disguised(exchange).headers?.first)
        #expect(
            header.hasPrefix("Set-Cookie: JSESSIONID=") && header.hasSuffix("; Path=/") && !header.contains("abcDEF123")
        )
    }

    @Test func archivesComeBack() throws {
        let archive = Archive([
            .init("a.json", Array("{}".utf8)), .init("answers/001-ssh", Array(repeating: 7, count: 5000)),
            .init("empty", []),
        ])
        let folder = TemporaryFolder()
        let path = folder.write("a.tar.gz", try archive.compressed(time: 1_700_000_000), mode: 0o600)
        #expect(try Archive(file: path) == archive)
        // The system's own tar reads it.
        #expect(try ChildProcess.run(["tar", "-tzf", path]) == "a.json\nanswers/001-ssh\nempty\n")
        var damaged = archive.tar(time: 0)
        damaged[124] = UInt8(ascii: "7")
        #expect(throws: Archive.Fault(code: .notAnArchive)) { try Archive(tar: damaged) }
    }
}
