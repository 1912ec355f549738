import Cluster
import Configuration
import Messages
import Synchronization
import Testing

/// Answers each command with a text, as a node would once the questions were answered.
final class FakeShell: ClusterShell {
    let node = "node"
    let isOpen = true
    private let answers: [String: String]
    private let sent = Mutex<[ShellCommand]>([])

    init(_ answers: [String: String]) { self.answers = answers }

    var commands: [ShellCommand] { sent.withLock { $0 } }

    func run(_ command: ShellCommand) throws(ClusterError) -> String {
        sent.withLock { $0.append(command) }
        return answers[command.text] ?? "No valid command entered"
    }

    func close() {}
}

@Suite(.timeLimit(.minutes(5))) struct PlatformCommandLineTests {
    @Test func nodesAreListed() throws {
        let shell = FakeShell([
            "run sql select name from processnode":
                "name\n==================\nEnterpriseWideData\ncucm-1051-a-pub\ncucm-1051-a-sub1\n"
        ])
        #expect(try PlatformCommandLine(shell).nodeNames() == ["cucm-1051-a-pub", "cucm-1051-a-sub1"])
    }

    @Test func successHasToBeReported() throws {
        let restart = """
             Don't press Ctrl-c while the service is getting RESTARTED.If Service has not Restarted Properly, execute the same Command Again
            Service Manager is running
            Cisco Tftp[STOPPING]
            Cisco Tftp[STARTING]

            """
        expect(.refused, ["utils service restart Cisco Tftp": "Something else"]) { try $0.restart("Cisco Tftp") }
        expect(.timedOut, ["utils service restart Cisco Tftp": restart, "utils service list": restart]) {
            try $0.restart("Cisco Tftp", until: .now)
        }
        try PlatformCommandLine(FakeShell(["utils service restart Cisco Tftp": restart + "Cisco Tftp[STARTED]"]))
            .restart("Cisco Tftp")
        expect(.refused, ["set cert import trust Phone-SAST-trust": "Error parsing the certificate"]) {
            try $0.importTrustCertificate(pem: "x", unit: "Phone-SAST-trust")
        }
        expect(.refused, ["utils ctl update CTLFile": "Command aborted"]) { try $0.updateTokenlessTrustList() }
        try PlatformCommandLine(
            FakeShell(["utils ctl set-cluster non-secure-mode": "Moving Cluster\nCluster set to Non-Secure Mode"])
        ).setSecurityMode(.nonSecure)
    }

    /// Words of success are not known for every release: only words of failure are one.
    @Test func otherWordsAreSettledByReadingBack() throws {
        let importing = "set cert import trust Phone-SAST-trust"
        for text in ["Successfully regenerated certificate for Phone-SAST-trust.", "Certificate stored", ""] {
            try PlatformCommandLine(FakeShell([importing: text]))
                .importTrustCertificate(pem: "x", unit: "Phone-SAST-trust")
        }
        // The other spelling of the unit.
        let shell = FakeShell([
            importing: "Error: Phone-SAST-trust is not valid", "set cert import trust Phone-SAST": "Done",
            "set cert delete Phone-SAST-trust a.pem": "Executed command unsuccessfully",
            "set cert delete Phone-SAST a.pem": "Certificate deleted",
        ])
        try PlatformCommandLine(shell).importTrustCertificate(pem: "x", unit: "Phone-SAST-trust")
        try PlatformCommandLine(shell).deleteTrustCertificate(unit: "Phone-SAST-trust", name: "a.pem")
        #expect(shell.commands.count == 4)
    }

    @Test(arguments: ["Unsuccessfully imported", "Error: out of space", "The certificate is not valid"])
    func wordsOfFailureAreARefusal(text: String) {
        expect(.refused, ["set cert import trust tomcat": text]) {
            try $0.importTrustCertificate(pem: "x", unit: "tomcat")
        }
    }

    @Test func theGeneralLineOfFailureIsARefusal() {
        let error = expect(
            .refused, ["show cert trust a/b.pem": "The certificate is not there\nExecuted command unsuccessfully"]
        ) { try $0.certificateText(CertificateListEntry(unit: "a", name: "b.pem", description: "")) }
        #expect(error?.found?.localized == "The certificate is not there")
    }

    @Test func unknownOutputIsShown() {
        let error = expect(.unexpectedAnswer, ["show version active": "Something else entirely"]) { try $0.version() }
        #expect(error?.description.contains("Something else entirely") == true)
        expect(.unexpectedAnswer, ["file delete tftp CTLFile.tlv": "?"]) { try $0.deleteTFTPFile("CTLFile.tlv") }
        expect(.notSupported, [:]) { try $0.showITL() }
    }

    @Test func namesCannotSmuggleArguments() {
        for name in ["", "a b", "a\nb", "a\r", "é"] {
            expect(.configuration, [:]) { try $0.deleteTFTPFile(name) }
            expect(.configuration, [:]) { try $0.deleteTrustCertificate(unit: "tomcat-trust", name: name) }
        }
    }

    @discardableResult
    func expect(
        _ code: ClusterError.Code, _ answers: [String: String], sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (PlatformCommandLine) throws -> some Any
    ) -> ClusterError? {
        let error = #expect(throws: ClusterError.self, sourceLocation: sourceLocation) {
            _ = try body(PlatformCommandLine(FakeShell(answers)))
        }
        #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
        return error
    }
}
