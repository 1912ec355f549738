import Foundation
import Messages
import ServerFixtures
import Testing

@testable import Captures

/// Every capture of Tests/Captures is read by every parser, in every test run (docs/capture.md).
@Suite(.waiting, .timeLimit(.minutes(5))) struct ReplayedCaptures {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Captures").path
    private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".tar.gz") }.sorted()

    @Test func thereAreSome() { #expect(Self.files.count >= 3) }

    @Test(arguments: files) func itIsUnderstoodAsThen(file: String) throws {
        let capture = try Capture(file: "\(Self.folder)/\(file)")
        let check = CaptureCheck(capture)
        #expect(check.findings == [])
        #expect(check.understood > 50 && check.understood + check.passedOver == capture.exchanges.count)
    }

    /// A parser that refuses a response, or reads something else in it, is reported.
    @Test func whatIsNotUnderstoodIsFound() throws {
        let capture = try Capture(file: "\(Self.folder)/\(#require(Self.files.first))")
        func check(_ isChanged: (Exchange) -> Bool, _ change: (inout Exchange) -> Void) throws -> [CaptureCheck.Finding]
        {
            var other = capture
            let found = other.exchanges.firstIndex(where: isChanged)
            let index = try #require(found)
            change(&other.exchanges[index])
            let findings = CaptureCheck(other).findings
            #expect(findings.allSatisfy { $0.number == other.exchanges[index].number })
            return findings
        }
        let garbled = try check({ $0.source == .tftp && $0.understood != nil }) { $0.answer = Array("no list".utf8) }
        #expect(garbled.map(\.kind) == [.notUnderstood, .different])
        #expect(garbled[1].detail.text(in: .german) == "beim Aufzeichnen wurde es verstanden")
        let cut = try check({ $0.question == "show version active" }) {
            $0.events = [.init(kind: .received, bytes: $0.answer.count - 6, after: 0)]
        }
        #expect(cut.map(\.kind) == [.notUnderstood, .different])
        let other = try check({ $0.question == "show version active" }) { exchange in
            let text = String(decoding: exchange.answer, as: UTF8.self).replacingOccurrences(
                of: "Version: ", with: "Version: 9")
            exchange.events = [.init(kind: .received, bytes: text.utf8.count, after: 0)]
            exchange.answer = Array(text.utf8)
        }
        #expect(other.map(\.kind) == [.different])
    }

    @Test func otherFilesAreRefused() throws {
        let folder = TemporaryFolder()
        let text = folder.write("text.tar.gz", "no archive")
        #expect(throws: CaptureError(.notACapture, text)) { try Capture(file: text) }
        // gzip of something else than an archive, and one that is cut off.
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(#require(Self.files.first))"))
        let cut = folder.write("cut.tar.gz", Array(whole.prefix(whole.count / 2)), mode: 0o600)
        #expect(throws: CaptureError(.notACapture, cut)) { try Capture(file: cut) }
    }
}
