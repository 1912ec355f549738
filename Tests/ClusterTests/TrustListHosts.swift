import Configuration
import Messages
import Testing

@testable import Cluster

@Suite(.timeLimit(.minutes(5))) struct TrustListHosts {
    /// A deployment to no node would succeed.
    @Test func oneNodeAtLeastServesTFTP() throws {
        var publisher = NodeConfiguration(name: "pub", isPublisher: true, address: "192.0.2.1")
        var subscriber = NodeConfiguration(name: "sub", address: "192.0.2.2")
        func hosts() throws -> [String] {
            let configuration = ClusterConfiguration(name: "office", nodes: [subscriber, publisher])
            return try ClusterClient(configuration).trustListHosts.map(\.node)
        }
        #expect(try hosts() == ["pub", "sub"])
        publisher.servesTFTP = false
        #expect(try hosts() == ["sub"])
        subscriber.servesTFTP = false
        let error = #expect(throws: ClusterError.self) { try hosts() }
        #expect(error?.code == .configuration && error?.message.localized.contains("tftp = true") == true)
    }
}
