import Foundation
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(5))) struct WaitingTests {
    /// Far more than there are processors: were they to wait in turn, this would take a minute.
    @Test func testsThatWaitKeepNobodyFromRunning() async throws {
        let begin = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<60 { group.addTask { sleep(1) } }
        }
        #expect(ContinuousClock.now - begin < .seconds(30))
    }

    @Test func whatDoesNotComeTrueIsAnIssue() async {
        waitUntil("nothing") { true }
        withKnownIssue {
            waitUntil("the impossible", within: 0.1) { false }
        } matching: { issue in
            issue.comments.contains { $0.rawValue.contains("the impossible") }
        }
        await withKnownIssue { await waitUntil("the impossible", within: 0.1) { () async in false } }
    }
}
