import Configuration
import Glibc
import Messages
import ServerFixtures
import Testing

@Suite(.waiting, .timeLimit(.minutes(10))) struct ConfigurationTests {
    let folder = TemporaryFolder()

    static let pin = "sha256//" + String(repeating: "A", count: 43) + "="
    static let hostKey = "SHA256:" + String(repeating: "b", count: 43)

    var configuration: ConfigurationFile {
        ConfigurationFile(
            clusters: [
                ClusterConfiguration(
                    name: "head-office.1", version: ClusterVersion("10.5.1.10000-7"),
                    nodes: [
                        NodeConfiguration(
                            name: "cucm-1051-a-pub", isPublisher: true, address: "192.0.2.11", tlsPin: Self.pin,
                            sshHostKey: Self.hostKey, tvsPin: Self.pin, legacyTLS: true, legacySSH: true),
                        NodeConfiguration(
                            name: "sub \"1\" \\ é\u{1}", address: "fe80::1", tftpPort: 1069, httpPort: 1,
                            httpsPort: 443,
                            sshPort: 65535, tvsPort: nil),
                    ],
                    platform: AccountConfiguration(user: "administrator", passwordFile: "/a/b"),
                    application: AccountConfiguration(user: "axl"), phoneWebPort: 8080),
                ClusterConfiguration(name: "lab"),
            ], tokens: TokenConfiguration(modules: ["/usr/lib/libeToken.so"], pinTries: 5))
    }

    @Test func whatIsWrongIsToldInGerman() throws {
        let path = folder.write("german.toml", "[clusters.lab]\nversion = 5\n")
        let error = #expect(throws: ClusterError.self) { try ConfigurationFile.load(from: path) }
        #expect(error?.message.text(in: .english) == "clusters.lab.version has to be a text")
        #expect(error?.message.text(in: .german) == "clusters.lab.version muss sein: ein Text")
    }

    @Test func whatIsWrittenIsRead() throws {
        let path = folder.file("new/folder/config.toml")
        try configuration.save(to: path)
        #expect(try ConfigurationFile.load(from: path) == configuration)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(stat(folder.file("new/folder"), &status) == 0 && status.st_mode & 0o777 == 0o700)
        // Nothing is left next to it, and saving again replaces it.
        try ConfigurationFile().save(to: path)
        #expect(try ConfigurationFile.load(from: path).clusters.isEmpty)
        #expect(try ChildProcess.run(["ls", folder.file("new/folder")]) == "config.toml\n")
    }

    @Test func aFileThatIsNotThereIsEmpty() throws {
        #expect(try ConfigurationFile.load(from: folder.file("nothing")).clusters == [])
    }

    @Test func defaultsAreThoseOfACluster() throws {
        folder.write(
            "c.toml", "[clusters.a]\n[[clusters.a.nodes]]\nname = 'p'\npublisher = true\naddress = 'cucm.example.com'\n"
        )
        let node = try #require(ConfigurationFile.load(from: folder.file("c.toml")).cluster("a")?.publisher)
        #expect([node.tftpPort, node.httpPort, node.httpsPort, node.sshPort] == [69, 6970, 8443, 22])
        #expect(node.tvsPort == 2445)
        #expect(!node.legacyTLS && node.tlsPin == nil)
    }

    @Test(arguments: [
        ("[tokens]\npin_tries = 1", "tokens.pin_tries"), ("[tokens]\npin_tries = '5'", "tokens.pin_tries"),
        ("clusters = 1", "clusters"), ("[cluster.a]", "cluster"), ("[clusters.a]\nversoin = '1'", "clusters.a.versoin"),
        ("[clusters.a]\nversion = 10.5", "clusters.a.version"), ("[clusters.a]\nversion = 'x'", "clusters.a.version"),
        ("[clusters.a]\nphone_web_port = 0", "clusters.a.phone_web_port"),
        ("[clusters.a]\nphone_web_port = 70000", "clusters.a.phone_web_port"),
        ("[clusters.a]\nphone_web_port = '80'", "clusters.a.phone_web_port"),
        ("[clusters.a]\nnodes = 'x'", "clusters.a.nodes"), ("[clusters.a]\nnodes = [1]", "clusters.a.nodes[0]"),
        ("[clusters.a.platform]\n", "clusters.a.platform.user"),
        ("[clusters.a.platform]\nuser = 'u'\npassword = 'secret'", "clusters.a.platform.password"),
        ("[[clusters.a.nodes]]\nname = 'n'", "clusters.a.nodes[0].address"),
        ("[[clusters.a.nodes]]\nname = 'n'\naddress = 'x'\n", "publisher"),
        ("[[clusters.a.nodes]]\nname = 'n'\naddress = 'x'\ntls_pin = 'abc'", "clusters.a.nodes[0].tls_pin"),
        ("[[clusters.a.nodes]]\nname = 'n'\naddress = 'x'\nlegacy_tls = 'yes'", "clusters.a.nodes[0].legacy_tls"),
        ("[clusters.'a b']", "clusters.a b"), ("[clusters.a\n", "line 1"), ("a = 'b\u{0}'", "NUL"),
        ("[clusters.a]\nversion = '1'\nversion = '2'", "line 3"),
    ])
    func mistakesAreNamedWithFileAndKey(text: String, key: String) {
        let path = folder.write("c.toml", text)
        let error = #expect(throws: ClusterError.self) { try ConfigurationFile.load(from: path) }
        #expect(error?.code == .configuration)
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
        #expect(error?.description.contains("secret") == false)
    }

    @Test func labsAreRead() throws {
        folder.write(
            "lab.json",
            """
            {"schema":"cluster-lab/1","name":"lab","version":"10.5.1.10000-7",
             "credentials":{"platform":{"user":"administrator","passwordFile":"/d/platform"},
                            "application":{"user":"ccmadministrator","passwordFile":"/d/application"}},
             "phoneWebPort":40123,
             "nodes":[{"name":"pub","publisher":true,"address":"127.3.4.11","tftpPort":1,"httpPort":2,"httpsPort":3,
                       "sshPort":4,"tvsPort":5,"tlsPin":"\(Self.pin)","sshHostKey":"\(Self.hostKey)","tvsPin":"\(Self.pin)"},
                      {"name":"sub","publisher":false,"address":"127.3.4.12","tftpPort":1,"httpPort":2,"httpsPort":3,
                       "sshPort":4,"tvsPort":null,"tlsPin":"\(Self.pin)","sshHostKey":"\(Self.hostKey)"}]}
            """)
        let cluster = try LabFile.read(folder: folder.path)
        #expect(cluster.publisher?.tvsPort == 5)
        #expect(cluster.node("sub")?.tvsPort == nil)
        #expect(cluster.account(.application)?.passwordFile == "/d/application")
        #expect(cluster.phoneWebPort == 40123)
        // It survives the configuration file.
        try ConfigurationFile(clusters: [cluster]).save(to: folder.file("c.toml"))
        #expect(try ConfigurationFile.load(from: folder.file("c.toml")).cluster("lab") == cluster)
    }

    @Test(arguments: ["", "{}", "[]", "{\"schema\":\"cluster-lab/2\"}"])
    func otherLabFilesAreRefused(text: String) {
        folder.write("lab.json", text)
        let error = #expect(throws: ClusterError.self) { try LabFile.read(folder: folder.path) }
        #expect(error?.code == .configuration)
    }
}
