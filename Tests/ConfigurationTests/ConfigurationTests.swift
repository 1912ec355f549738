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
                            name: "cucm-1051_a.sub1", address: "fe80::1", tftpPort: 1069, httpPort: 1,
                            httpsPort: 443,
                            sshPort: 65535, tvsPort: nil),
                    ],
                    platform: AccountConfiguration(
                        user: "administrator", passwordFile: "/a/\"1\" \\ é\u{1}"),
                    application: AccountConfiguration(user: "axl"), phoneWebPort: 8080),
                ClusterConfiguration(name: "lab"),
            ], tokens: TokenConfiguration(modules: ["/usr/lib/libeToken.so"], pinTries: 5))
    }

    @Test func whatIsWrongIsToldInGerman() throws {
        let path = folder.write("german.toml", "[clusters.lab]\nversion = 5\n")
        let error = #expect(throws: ClusterError.self) { try ConfigurationFile.load(from: path) }
        #expect(error?.message.text(in: .english) == "clusters.lab.version must be a string")
        #expect(error?.message.text(in: .german) == "clusters.lab.version muss sein: eine Zeichenkette")
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

    /// Two nodes at one address, the second of which goes on.
    static let twoNodes = """
        [[clusters.a.nodes]]
        name = 'n'
        address = 'x'
        publisher = true
        [[clusters.a.nodes]]
        name = 'm'
        address = 'x'

        """

    @Test func nodesThatServeNoTrustListsAndNodesBehindPortForwarding() throws {
        let text = Self.twoNodes.replacing("publisher = true", with: "publisher = true\ntftp = false")
        let path = folder.write("c.toml", text + "https_port = 444\nssh_port = 23")
        let cluster = try #require(try ConfigurationFile.load(from: path).cluster("a"))
        #expect(cluster.nodes.map(\.servesTFTP) == [false, true])
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
        ("[[clusters.a.nodes]]\nname = 'n'\naddress = 'x'\npublisher = true\ntftp = false", "cluster a serves TFTP"),
        ("\(twoNodes)https_port = 444", "clusters.a.nodes"), ("\(twoNodes)ssh_port = 23", "clusters.a.nodes"),
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

    /// What a lab writes, with this instead of a line.
    private func lab(_ line: String = "sub", _ other: String = "sub") -> String {
        _ = mkdir(folder.file("credentials"), 0o700)
        folder.write("credentials/platform", "secret")
        return """
            [clusters.lab]
            version = "10.5.1.10000-7"
            phone_web_port = 40123
            [clusters.lab.platform]
            user = "administrator"
            password_file = "\(folder.path)/credentials/platform"
            [[clusters.lab.nodes]]
            name = "pub"
            publisher = true
            address = "127.3.4.11"
            tvs_port = 5
            tls_pin = "\(Self.pin)"
            [[clusters.lab.nodes]]
            name = "sub"
            address = "127.3.4.12"
            tvs = false

            """.replacing(line, with: other)
    }

    @Test func labsAreRead() throws {
        folder.write("cluster.toml", lab())
        let cluster = try ConfigurationFile.lab(in: folder.path)
        #expect(cluster.name == "lab" && cluster.publisher?.tvsPort == 5 && cluster.node("sub")?.tvsPort == nil)
        #expect(cluster.account(.platform)?.passwordFile == "\(folder.path)/credentials/platform")
        #expect(cluster.phoneWebPort == 40123)
        // It survives the configuration file.
        try ConfigurationFile(clusters: [cluster]).save(to: folder.file("c.toml"))
        #expect(try ConfigurationFile.load(from: folder.file("c.toml")).cluster("lab") == cluster)
    }

    /// Someone else's folder can name any host, and any file as a password.
    @Test func whatIsNoLabIsRefused() {
        #expect(throws: ClusterError.self) { try ConfigurationFile.lab(in: "/none") }
        let texts = [
            "", "{}", "[tokens]\nmodules = ['/tmp/m.so']\n" + lab(), lab() + "[clusters.other]\n",
            lab("127.3.4.12", "192.0.2.1"), lab("127.3.4.12", "localhost.example.com"),
            lab("\(folder.path)/credentials/platform", "/etc/hostname"),
            lab("credentials/platform", "credentials/../../../etc/hostname"),
            lab(
                "password_file = \"\(folder.path)/credentials/platform\"", "password_command = ['cat', '/etc/hostname']"
            ),
        ]
        for text in texts {
            folder.write("cluster.toml", text)
            let error = #expect(throws: ClusterError.self) { try ConfigurationFile.lab(in: folder.path) }
            #expect(error?.code == .configuration, "\(text)")
        }
    }

    /// What anyone can write to, own, or put a link in place of, may have been prepared by someone else.
    @Test func aLabThatSomeoneElseCouldHavePreparedIsRefused() throws {
        folder.write("cluster.toml", lab())
        _ = try ConfigurationFile.lab(in: folder.path)
        func refused(_ what: String, _ change: () -> Void, _ undo: () -> Void) {
            change()
            #expect(throws: ClusterError.self, "\(what)") { try ConfigurationFile.lab(in: folder.path) }
            undo()
            #expect(throws: Never.self, "\(what)") { try ConfigurationFile.lab(in: folder.path) }
        }
        refused("the folder") {
            chmod(folder.path, 0o777)
        } _: {
            chmod(folder.path, 0o700)
        }
        let (file, password) = (folder.file("cluster.toml"), folder.file("credentials/platform"))
        refused("the file") {
            chmod(file, 0o666)
        } _: {
            chmod(file, 0o600)
        }
        refused("a link to a password") {
            rename(password, folder.file("elsewhere"))
            symlink(folder.file("elsewhere"), password)
        } _: {
            unlink(password)
            rename(folder.file("elsewhere"), password)
        }
        refused("a folder as a password") {
            rename(password, folder.file("elsewhere"))
            mkdir(password, 0o700)
        } _: {
            rmdir(password)
            rename(folder.file("elsewhere"), password)
        }
        guard geteuid() == 0 else { return }
        for path in [folder.path, file, password] {
            refused("another owner of \(path)") {
                chown(path, 65534, 65534)
            } _: {
                chown(path, 0, 0)
            }
        }
    }

    /// They become parts of URLs and of file names.
    @Test(arguments: ["../../x", "a/b", "a b", "a?b", "a:80", "u@h", "-o", ".x", "a\u{1B}[2J", "a\u{202E}"])
    func namesAndAddressesHaveNothingElseInThem(_ text: String) throws {
        for key in ["name", "address"] {
            let other = key == "name" ? "address" : "name"
            let path = folder.write(
                "names.toml",
                "[[clusters.a.nodes]]\npublisher = true\n\(other) = \"pub\"\n\(key) = \"\(text.unicodeScalars.map { $0.value < 0x20 ? "\\u001B" : String($0) }.joined())\"\n"
            )
            let error = #expect(throws: ClusterError.self) { try ConfigurationFile.load(from: path) }
            #expect(error?.message.localized.contains("host name") == true, "\(key): \(error?.message.localized ?? "")")
        }
        #expect(!NodeConfiguration.isAddress(text))
    }

    @Test func addressesAreHostNamesOrNumbers() {
        for text in ["127.0.0.1", "fe80::1", "::1", "cucm-pub.example.com", "a_b"] {
            #expect(NodeConfiguration.isAddress(text), "\(text)")
        }
        for text in ["", "fe80::1/", "127.0.0.93/admin/reboot?x=", "[::1]", "a\nb"] {
            #expect(!NodeConfiguration.isAddress(text), "\(text)")
        }
    }
}
