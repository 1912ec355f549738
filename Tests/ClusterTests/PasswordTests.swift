import Cluster
import Configuration
import Glibc
import Messages
import ServerFixtures
import Testing

/// Where a cluster client gets its passwords from.
@Suite(.waiting, .timeLimit(.minutes(10))) struct PasswordTests {
    let folder = TemporaryFolder()
    private let pin = "sha256//" + String(repeating: "A", count: 43) + "="

    @Test func passwordsComeFromTheFileThatIsNamed() throws {
        func message(_ account: AccountConfiguration?) -> String {
            let node = NodeConfiguration(name: "n", isPublisher: true, address: "127.0.0.1", tlsPin: pin)
            let cluster = ClusterClient(
                ClusterConfiguration(
                    name: "c", version: ClusterVersion("10.5.1"), nodes: [node], application: account))
            do {
                _ = try cluster.axl()
                return ""
            } catch {
                #expect(error.code == .configuration)
                return error.description
            }
        }
        let path = folder.write("password", "Geheim 1\nrest")
        #expect(message(AccountConfiguration(user: "u", passwordFile: path)) == "")
        _ = chmod(path, 0o644)
        #expect(message(AccountConfiguration(user: "u", passwordFile: path)).contains("chmod 600"))
        #expect(message(AccountConfiguration(user: "u", passwordFile: "/none")).contains("/none"))
        #expect(message(AccountConfiguration(user: "u")).contains("password_file"))
        #expect(message(nil).contains("no application account"))
    }
}
