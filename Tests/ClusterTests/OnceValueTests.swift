import Basics
import Configuration
import Glibc
import Messages
import Synchronization
import Testing

@testable import Cluster

/// One attempt for all concurrent callers.
@Suite(.timeLimit(.minutes(5))) final class OnceValueTests: Sendable {
    private let count = Atomic(0)

    private func make(_ error: ClusterError? = nil) throws(ClusterError) -> Int {
        // Long enough for the others to come.
        usleep(200_000)
        let number = count.add(1, ordering: .relaxed).newValue
        if let error { throw error }
        return number
    }

    @Test func whoeverAsksMeanwhileGetsTheSame() {
        let once = OnceValue<Int>()
        let values = Concurrently.map(Array(0..<8)) { _ in try? once.get { () throws(ClusterError) in try self.make() }
        }
        #expect(values == Array(repeating: 1, count: 8) && once.value == 1)
    }

    /// A password that failed in one thread is not tried by the others that waited for it.
    @Test func aFailureIsToldToAllAndTriedAgainLater() throws {
        let once = OnceValue<Int>()
        let refusal = ClusterError(.loginRefused, operation: .verbatim("log in"), message: .verbatim("no"))
        let codes = Concurrently.map(Array(0..<8)) { _ -> ClusterError.Code? in
            do throws(ClusterError) {
                _ = try once.get { () throws(ClusterError) in try self.make(refusal) }
                return nil
            } catch {
                return error.code
            }
        }
        #expect(codes == Array(repeating: .loginRefused, count: 8) && count.load(ordering: .relaxed) == 1)
        #expect(try once.get { () throws(ClusterError) in try self.make() } == 2)
    }

    @Test func whatIsForgottenOrOfNoMoreUseIsMadeAgain() throws {
        let once = OnceValue<Int>()
        func get(_ isUsable: (Int) -> Bool = { _ in true }) throws -> Int {
            try once.get(isUsable: isUsable) { () throws(ClusterError) in try self.make() }
        }
        #expect(try get() == 1 && get() == 1)
        #expect(try get { $0 > 1 } == 2)
        once.forget { $0 == 1 }
        #expect(try get() == 2)
        once.forget()
        #expect(once.value == nil)
        #expect(try get() == 3)
    }
}
