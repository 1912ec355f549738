import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct ClusterSignerTests {
    private func entry(_ subject: String, _ sha1: String) throws -> ClusterSigner.Entry {
        try #require(ClusterSigner.Entry(.init(role: 0, dnsName: "10.0.0.1", subject: subject, certificateSHA1: sha1)))
    }

    @Test func formerSignersAreToldFromThoseOfOtherClusters() throws {
        let (own, foreign) = ("CN=ITLRECOVERY_pub.a.example", "CN=ITLRECOVERY_pub.b.example")
        func signer(_ entries: [ClusterSigner.Entry]) -> ClusterSigner {
            ClusterSigner("ITLRecovery", in: entries, subject: own, sha1: "new")
        }
        let old = signer([try entry(own, "old")])
        #expect(old.isNamed && !old.isPresent && old.former == ["old"])
        let both = signer([try entry(own, "new"), try entry(own, "old"), try entry(foreign, "other")])
        #expect(both.isPresent && both.former == ["old"])
        let renamed = signer([try entry(foreign, "other")])
        #expect(!renamed.isPresent && renamed.former == ["other"])
        #expect(!signer([try entry("CN=pub.a.example", "callmanager")]).isNamed)
    }
}
