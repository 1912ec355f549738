import Basics
import ServerFixtures
import Testing

@testable import Tokens

/// The watcher in this process, where sanitizers see it; TokenPresenceTests drive the program.
@Suite(.waiting, .timeLimit(.minutes(5))) struct TokenWatcherTests {
    private let fake: FakeModule
    private let watcher: TokenWatcher

    init() throws {
        fake = try FakeModule()
        watcher = TokenWatcher(
            modules: [fake.path], pins: fake.pins(), patience: 30, interval: 20, readsNames: false, connect: nil)
    }

    private func waitFor(_ wanted: String) {
        waitUntil(wanted, within: 30) {
            watcher.changes(within: 100).contains {
                switch $0 {
                case .inserted(let token): wanted == "+" + token.info.plainLabel
                case .removed(let token): wanted == "-" + token.info.plainLabel
                default: false
                }
            }
        }
    }

    @Test func tokensComeAndGo() {
        waitFor("+SAST-FAKE")
        fake.set("mechanism 6 2800\n")
        waitFor("-SAST-FAKE")
        #expect(watcher.tokens.isEmpty)
        fake.set(FakeModule.healthy)
        #expect(TokenArrival(watcher).wait(within: 30_000)?.info.plainLabel == "SAST-FAKE")
    }

    @Test func anotherThreadEndsTheWait() {
        waitFor("+SAST-FAKE")
        let waiting = BlockingTask { [watcher] in watcher.changes(within: nil).count }
        waitUntil("it has ended", within: 30) {
            watcher.cancel()
            return waiting.value(within: 1) != nil
        }
        #expect(watcher.isCancelled)
    }
}
