import Basics
import Cluster
import Configuration
import Messages
import ServerFixtures
import Synchronization
import Testing
import TrustList
import X509

@testable import Operations

/// A CTL file on all nodes or on none, with nodes in memory that fail on request.
@Suite(.waiting, .timeLimit(.minutes(5))) struct DeploymentTests {
    /// A node with a file for each transport.
    final class Node: TrustListHost {
        struct State {
            var tftp: [UInt8]?
            var http: [UInt8]?
            var writes: [[UInt8]?] = []
            var logins = 0
            /// Consulted at each write, with its number from 1.
            var failure: @Sendable (Int) -> ClusterError.Code? = { _ in nil }
            var loginFailure: ClusterError.Code?
            var isDown = false
            /// What is stored instead of what is sent.
            var garbles = false
            /// Keeps serving what was there at the last restart.
            var caches = false
            var stored: [UInt8]?
            /// What it says it has, if that is not what it has; an error if it has no way to say.
            var says: Result<TrustListStatement, ClusterError>?
            var restarts = 0
            /// Called when it is asked what it has, and when it is logged in to for a change.
            var onStatement: @Sendable () -> Void = {}
            var onLogin: @Sendable () -> Void = {}
        }

        let node: String
        let state: Mutex<State>

        init(_ node: String, _ file: [UInt8]?, http: [UInt8]?? = nil) {
            self.node = node
            state = Mutex(State(tftp: file, http: http ?? file))
        }

        func set(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }

        var files: [[UInt8]?] { state.withLock { [$0.tftp, $0.http] } }
        var writes: [[UInt8]?] { state.withLock { $0.writes } }
        var logins: Int { state.withLock { $0.logins } }

        private func error(_ code: ClusterError.Code) -> ClusterError {
            ClusterError(code, operation: .verbatim("test"), node: node, message: .verbatim(code.rawValue))
        }

        func prepare(for change: TrustListChange) throws(ClusterError) {
            let failure = state.withLock { state in
                state.logins += 1
                return state.loginFailure
            }
            state.withLock { $0.onLogin }()
            if let failure { throw error(failure) }
        }

        func fetch(
            _ kind: TrustListKind, over transport: TrustListTransport, timeout: Double
        ) throws(ClusterError) -> [UInt8]? {
            let (isDown, file) = state.withLock { ($0.isDown, transport == .tftp ? $0.tftp : $0.http) }
            if isDown { throw error(.unreachable) }
            return file
        }

        func statement(of kind: TrustListKind) throws(ClusterError) -> TrustListStatement {
            let (isDown, says, has) = state.withLock { ($0.isDown, $0.says, $0.caches ? $0.stored : $0.tftp) }
            state.withLock { $0.onStatement }()
            if isDown { throw error(.unreachable) }
            return try says?.get() ?? TrustListStatement(of: has)
        }

        private func write(_ contents: [UInt8]?) throws(ClusterError) {
            let failure = state.withLock { state in
                state.writes.append(contents)
                let failure = state.failure(state.writes.count)
                // A connection that is cut after the file has arrived is a failure, too.
                if failure == nil || failure == .closed {
                    state.stored = state.garbles ? contents.map { $0 + [0xFF] } : contents
                    if !state.caches { (state.tftp, state.http) = (state.stored, state.stored) }
                }
                return failure
            }
            if let failure { throw error(failure) }
        }

        func deploy(_ contents: [UInt8]) throws(ClusterError) { try write(contents) }
        func delete() throws(ClusterError) { try write(nil) }

        func restartTFTP() {
            state.withLock { state in
                state.restarts += 1
                if state.caches { (state.tftp, state.http) = (state.stored, state.stored) }
            }
        }

        var restarts: Int { state.withLock { $0.restarts } }
        var stored: [UInt8]? { state.withLock { $0.stored } }
    }

    struct NoSpace: Error {}

    private static let key = try! PrivateKey.generate(bits: 1024)
    private static let signer = try! CertificateBuilder(
        subject: DistinguishedName(["CN": "pub"]), serialNumber: [1], notBefore: 0, notAfter: 4_000_000_000
    ).selfSigned(by: key)

    /// A small trust list: the same for the same number.
    static func list(_ number: UInt32) -> [UInt8] {
        try! TrustListDraft(
            fileName: "CTLFile.tlv", timestamp: number, digest: .sha1,
            records: [
                Record(
                    certificate: signer, role: .sast, dnsName: "pub", ipAddress: [127, 1, 2, 3], names: .cucm,
                    withCertificateSignature: true)
            ]
        ).signed(by: SoftwareSigner(certificate: signer, key: key)).encoded()
    }

    static let (one, two) = (list(1), list(2))
    private var one: [UInt8] { Self.one }
    private var two: [UInt8] { Self.two }

    let nodes = [Node("pub", Self.one), Node("sub1", Self.two), Node("sub2", nil)]
    let new: [UInt8] = Self.list(9)

    private func replace(
        with contents: [UInt8]?, policy: TrustListDeployment.FailurePolicy = .undo,
        hooks: TrustListDeployment.Hooks = .init(backUp: { "backup of \($0)" })
    ) throws -> TrustListDeployment {
        try ClusterTrustLists(nodes).replace(with: contents, policy: policy, hooks: hooks)
    }

    private func states(_ deployment: TrustListDeployment) -> [TrustListDeployment.NodeState] {
        deployment.nodes.map(\.state)
    }

    private func expectUnchanged(_ comment: Comment? = nil) {
        #expect(nodes.map(\.files) == [[one, one], [two, two], [nil, nil]], comment)
    }

    @Test func everyNodeGetsTheFile() throws {
        var kept: [[UInt8]] = []
        let result = try replace(
            with: new,
            hooks: .init(backUp: {
                kept.append($0)
                return "\($0.count)"
            }))
        #expect(result.outcome == .done && result.failure == nil)
        #expect(nodes.allSatisfy { $0.files == [new, new] && $0.writes == [new] })
        #expect(states(result) == [.done, .done, .done])
        #expect(kept == [one, two])
        #expect(result.nodes.map(\.backup) == ["\(one.count)", "\(two.count)", nil])
        #expect(result.nodes.map(\.before) == [one, two, nil])
        let again = try replace(with: new)
        #expect(again.outcome == .done && states(again) == [.alreadySo, .alreadySo, .alreadySo])
        #expect(nodes.allSatisfy { $0.writes.count == 1 })
        let gone = try replace(with: nil)
        #expect(gone.outcome == .done && nodes.allSatisfy { $0.files == [nil, nil] })
    }

    @Test(arguments: 0..<3) func oneThatFailsUndoesAll(index: Int) throws {
        nodes[index].set { $0.failure = { $0 == 1 ? .refused : nil } }
        let result = try replace(with: new)
        #expect(
            result.outcome == .undone && result.failure?.code == .refused && result.failure?.node == nodes[index].node)
        #expect(states(result) == [.restored, .restored, .restored])
        expectUnchanged()
        // The one that refused still has its file, and is not written to again.
        #expect(nodes[index].writes == [new])
    }

    @Test func whatIsReadBackCounts() throws {
        nodes[1].set { $0.garbles = true }
        let result = try replace(with: new)
        // It cannot even be restored to what it had.
        #expect(result.outcome == .notUndone && result.failure?.code == .mismatch)
        #expect(states(result) == [.restored, .notRestored, .restored])
        #expect(result.nodes[1].backup == "backup of \(two)")
        #expect(nodes[0].files == [one, one] && nodes[2].files == [nil, nil])
    }

    @Test func partsAreKeptWhereThatIsWanted() throws {
        nodes[0].set { $0.isDown = true }
        nodes[2].set { $0.failure = { _ in .refused } }
        let result = try replace(with: new, policy: .keep)
        #expect(result.outcome == .partly)
        #expect(states(result) == [.failed, .done, .failed])
        #expect(result.nodes.map { $0.error?.code } == [.unreachable, nil, .refused])
        #expect(nodes[0].writes.isEmpty)
    }

    @Test func aNodeThatCannotBeReadStopsIt() throws {
        nodes[2].set { $0.isDown = true }
        let result = try replace(with: new)
        #expect(result.outcome == .notStarted && result.failure?.code == .unreachable)
        #expect(nodes.allSatisfy { $0.writes.isEmpty })
        nodes[0].set { $0.isDown = true }
        nodes[1].set { $0.isDown = true }
        #expect(try replace(with: new, policy: .keep).outcome == .notStarted)
    }

    /// Once the first one has accepted the password, all are asked, and the others logged in to, at the same time: each
    /// waits here for all the others.
    @Test func afterTheFirstLoginNobodyWaitsForAnother() throws {
        let arrived = Monitor(0)
        @Sendable func meet() {
            arrived.change { $0 += 1 }
            // Three are asked, two are logged in to. Only a test that fails takes as long.
            if arrived.wait(until: Deadline(seconds: 20.0), for: { $0 >= 5 ? true : nil }) == nil {
                Issue.record("not all at once")
            }
        }
        for (number, node) in nodes.enumerated() {
            node.set {
                $0.onStatement = meet
                if number > 0 { $0.onLogin = meet }
            }
        }
        let result = try replace(with: new)
        #expect(result.outcome == .done && nodes.map(\.logins) == [1, 1, 1])
    }

    @Test(arguments: [ClusterError.Code.loginRefused, .tooManyLogins, .notTrusted])
    func aRefusedLoginIsTriedOnOneNode(code: ClusterError.Code) throws {
        for node in nodes { node.set { $0.loginFailure = code } }
        for policy in [TrustListDeployment.FailurePolicy.undo, .keep] {
            let result = try replace(with: new, policy: policy)
            #expect(result.outcome == .notStarted && result.failure?.code == code)
        }
        #expect(nodes.map(\.logins) == [2, 0, 0])
        #expect(nodes.allSatisfy { $0.writes.isEmpty })
        expectUnchanged()
    }

    @Test func withoutABackupNothingIsChanged() throws {
        #expect(throws: NoSpace.self) { try replace(with: new, hooks: .init(backUp: { _ in throw NoSpace() })) }
        expectUnchanged()
        let stopped = try replace(with: new, hooks: .init(backUp: { _ in "" }, isInterrupted: { true }))
        #expect(stopped.outcome == .notStarted && stopped.isInterrupted && stopped.failure == nil)
        #expect(nodes.allSatisfy { $0.writes.isEmpty })
    }

    /// TFTP and HTTP of a node differ: one of them is not what the node has.
    @Test func aNodeThatDiffersWithinItself() throws {
        let odd = Node("odd", one, http: two)
        let file = ClusterTrustLists([odd]).read(.ctl)
        #expect(file.differing.map(\.node) == ["odd"] && file.differingWithinNodes.count == 1)
        let error = #expect(throws: EvidenceError.self) {
            try ClusterTrustLists([odd], of: "office").replace(with: new, hooks: .init(backUp: { _ in "" }))
        }
        #expect(error?.code == .contradicted && error?.node == "odd")
        #expect(error?.next?.localized.contains("--cluster office --service tftp --node odd") == true)
        #expect(odd.writes.isEmpty)
    }

    // MARK: Somebody answers in a node's place

    private func replaceExpecting(_ code: EvidenceError.Code, accepting: Bool = false) {
        var kept = 0
        let error = #expect(throws: EvidenceError.self) {
            try ClusterTrustLists(nodes).replace(
                with: new, acceptingUnproven: accepting,
                hooks: .init(backUp: { _ in
                    kept += 1
                    return ""
                }))
        }
        #expect(error?.code == code)
        #expect(kept == 0 && nodes.allSatisfy { $0.writes.isEmpty })
    }

    /// What an impostor serves is neither saved nor restored: nothing is changed, whatever the file.
    @Test(arguments: [Array("attacker-chosen bytes".utf8), list(5), nil] as [[UInt8]?])
    func whatTheNodeDoesNotSayIsNotBelieved(spoofed: [UInt8]?) throws {
        nodes[1].set {
            $0.says = .success(TrustListStatement(of: Self.two))
            ($0.tftp, $0.http) = (spoofed, spoofed)
        }
        // If a node refused, what was read would be restored on the others.
        nodes[2].set { $0.failure = { _ in .refused } }
        replaceExpecting(.contradicted)
        replaceExpecting(.contradicted, accepting: true)
        #expect(throws: EvidenceError.self) { try PresentTrustLists(of: ClusterTrustLists(nodes)) }
    }

    /// The impostor also answers when the file is read back: only what the node states proves that the file is there.
    @Test func whatIsReadBackIsComparedAsWell() throws {
        nodes[1].set { state in
            state.says = .success(TrustListStatement(of: Self.two))
        }
        let result = try replace(with: new)
        #expect(result.outcome == .undone && result.failure?.code == .mismatch && result.failure?.node == "sub1")
        expectUnchanged()
    }

    /// A file that is not a trust list is of no use to a node: it is not replaced, because it could not be restored.
    @Test func onlyATrustListIsPutBack() throws {
        nodes[0].set { ($0.tftp, $0.http) = ([1, 2, 3], [1, 2, 3]) }
        replaceExpecting(.unusable)
    }

    /// Where a node cannot say what it has, the user decides, and a contradiction is still one.
    @Test func whatNothingProvesNeedsAYes() throws {
        let error = ClusterError(.notSupported, operation: .verbatim("show ctl"), message: .verbatim("unknown"))
        for node in nodes { node.set { $0.says = .failure(error) } }
        replaceExpecting(.unproven)
        let done = try ClusterTrustLists(nodes).replace(
            with: new, acceptingUnproven: true, hooks: .init(backUp: { _ in "" }))
        #expect(done.outcome == .done && nodes.allSatisfy { $0.files == [new, new] })
    }

    /// Cisco Tftp serves the old file from memory: what was stored must be restored nevertheless.
    @Test func aServerThatCaches() throws {
        for node in nodes {
            node.set {
                $0.caches = true
                $0.stored = $0.tftp
            }
        }
        let failed = try replace(with: new)
        #expect(failed.outcome == .undone && failed.failure?.code == .mismatch)
        #expect(nodes.map(\.stored) == [one, two, nil])
        #expect(nodes.allSatisfy { $0.restarts == 0 && $0.writes.count == 2 })
        expectUnchanged()

        let done = try ClusterTrustLists(nodes).replace(
            with: new, restartsTFTP: true, hooks: .init(backUp: { _ in "" }))
        #expect(done.outcome == .done)
        #expect(nodes.allSatisfy { $0.files == [new, new] && $0.restarts == 1 })
        nodes[2].set { $0.failure = { _ in .refused } }
        let undone = try ClusterTrustLists(nodes).replace(
            with: [7], restartsTFTP: true, hooks: .init(backUp: { _ in "" }))
        #expect(undone.outcome == .undone)
        #expect(nodes.allSatisfy { $0.files == [new, new] && $0.stored == new })
    }

    /// The response to an upload is lost after the file was stored: it is not mistaken for a refusal.
    @Test func aConnectionThatIsCut() throws {
        for node in nodes {
            node.set {
                $0.caches = true
                $0.stored = $0.tftp
            }
        }
        nodes[1].set { $0.failure = { $0 == 1 ? .closed : nil } }
        let result = try replace(with: new)
        #expect(result.outcome == .undone)
        #expect(nodes.map(\.stored) == [one, two, nil])
    }

    /// Without a cache, reading shows that the file has arrived although the response was lost.
    @Test func aLostAnswerIsMadeUpForByReading() throws {
        nodes[1].set { $0.failure = { _ in .closed } }
        let done = try replace(with: new)
        #expect(done.outcome == .done)
        #expect(nodes.allSatisfy { $0.files == [new, new] })
        // On the way back as well.
        nodes[0].set { $0.failure = { _ in .refused } }
        let undone = try replace(with: [7])
        #expect(undone.outcome == .undone)
        #expect(nodes.allSatisfy { $0.files == [new, new] })
    }
}
