import Basics
import Configuration
import Messages

/// The commands of a node's command line that we use, with their results as values (docs/cluster-interfaces.md).
public struct PlatformCommandLine: Sendable {
    public let shell: any ClusterShell

    public init(_ shell: any ClusterShell) { self.shell = shell }

    /// `show version active`
    public func version() throws(ClusterError) -> ClusterVersion {
        try answer(ShellCommand("show version active"), CommandAnswers.version)
    }

    /// `run sql`. The query is one line.
    public func runSQL(_ query: String, timeout: Double = 60) throws(ClusterError) -> SQLTable {
        try answer(ShellCommand("run sql \(query)", timeout: timeout)) { SQLTable(commandLine: $0) }
    }

    /// The enterprise parameter ClusterSecurityMode.
    public func securityMode() throws(ClusterError) -> SecurityMode {
        let query = "select paramname,paramvalue from processconfig where paramname='ClusterSecurityMode'"
        let table = try runSQL(query)
        guard let value = table["paramvalue"]?.first.flatMap({ Int($0) }), let mode = SecurityMode(rawValue: value)
        else { throw misunderstood("run sql \(query)", "\(table.columns) \(table.rows)") }
        return mode
    }

    /// The names of the cluster's servers, as in `processnode`.
    public func nodeNames() throws(ClusterError) -> [String] {
        let query = "select name from processnode"
        let table = try runSQL(query)
        guard let names = table["name"] else { throw misunderstood("run sql \(query)", "\(table.columns)") }
        // The table starts with a row for the cluster as a whole.
        return names.filter { !$0.isEmpty && $0 != "EnterpriseWideData" }
    }

    /// `show ctl`: what the node says about its CTL file.
    ///
    /// - Throws: `unexpectedAnswer` if the output is neither that of a file nor that of none.
    public func showCTL() throws(ClusterError) -> TrustListStatement {
        try answer(ShellCommand("show ctl")) { TrustListStatement(.ctl, answer: $0) }
    }

    /// `show itl`: the same for its ITL file.
    public func showITL() throws(ClusterError) -> TrustListStatement {
        try answer(ShellCommand("show itl")) { TrustListStatement(.itl, answer: $0) }
    }

    /// `show cert list own`
    public func ownCertificates() throws(ClusterError) -> [CertificateListEntry] {
        try answer(ShellCommand("show cert list own"), CommandAnswers.certificates)
    }

    /// `show cert list trust`
    public func trustCertificates() throws(ClusterError) -> [CertificateListEntry] {
        try answer(ShellCommand("show cert list trust"), CommandAnswers.certificates)
    }

    /// `show cert trust UNIT/NAME` or `show cert own UNIT/NAME`: the text that the node prints.
    public func certificateText(_ entry: CertificateListEntry, own: Bool = false) throws(ClusterError) -> String {
        try run(
            ShellCommand(
                "show cert \(own ? "own" : "trust") \(try word(entry.unit))/\(try word(entry.name))"))
    }

    /// `set cert import trust UNIT`. That this works for Phone-SAST-trust is *unconfirmed*, as are the words of success:
    /// read it back. If the node does not know the unit, it is tried without `-trust`, as public examples have it.
    ///
    /// - Returns: what the node prints afterwards, including the hint which services to restart.
    @discardableResult
    public func importTrustCertificate(pem: String, unit: String) throws(ClusterError) -> String {
        try bySpelling(of: unit) { (unit) throws(ClusterError) in
            try importTrustCertificate(pem: pem, spelled: unit)
        }
    }

    /// Does something with a unit as it is spelled; if the node refuses it, without `-trust`.
    private func bySpelling(
        of unit: String, _ body: (String) throws(ClusterError) -> String
    ) throws(ClusterError) -> String {
        do throws(ClusterError) { return try body(unit) } catch {
            guard error.code == .refused, unit.hasSuffix("-trust") else { throw error }
            do throws(ClusterError) { return try body(String(unit.dropLast(6))) } catch _ { throw error }
        }
    }

    private func importTrustCertificate(pem: String, spelled unit: String) throws(ClusterError) -> String {
        let command = ShellCommand(
            "set cert import trust \(try word(unit))",
            questions: [.init("Paste the Certificate and Hit Enter", answer: PEM.lines(pem) + "\n")])
        // The pasted text is echoed; the node's response follows it.
        let text = PEM.rest(of: try run(command)).split(separator: "\n")
            .filter { !Conversation.isPrompt($0.trimmed) }.joined(separator: "\n").trimmed
        guard !Self.saysFailure(text) else { throw rejected(command.text, text) }
        return text
    }

    /// Whether a node says that it did not do something. Anything else is settled by reading back.
    private static func saysFailure(_ text: String) -> Bool {
        let text = text.lowercased().replacing("unsuccessful", with: "fail")
        guard !text.contains("successful") else { return false }
        return [
            "error", "not valid", "invalid", "fail", "does not exist", "cannot", "unable",
            "not deleted",
        ]
        .contains(where: text.contains)
    }

    /// `set cert delete UNIT NAME`. Public scripts answer no question; one that ends with `(y/n):` is answered. Read it
    /// back.
    ///
    /// - Returns: what the node prints.
    @discardableResult
    public func deleteTrustCertificate(unit: String, name: String) throws(ClusterError) -> String {
        try bySpelling(of: unit) { (unit) throws(ClusterError) in
            let command = ShellCommand(
                "set cert delete \(try word(unit)) \(try word(name))",
                questions: [.init("(y/n):", answer: "y")])
            let text = try run(command)
            guard !Self.saysFailure(text) else { throw rejected(command.text, text) }
            return text
        }
    }

    /// `file delete tftp NAME`. It is no error if there is no such file: `found` is 0.
    public func deleteTFTPFile(_ name: String) throws(ClusterError) -> DeletedFiles {
        let command = ShellCommand(
            "file delete tftp \(try word(name))",
            questions: [.init(#"Enter "y" followed by return to continue:"#, answer: "y")])
        return try answer(command, CommandAnswers.deletedFiles)
    }

    /// `utils service list`
    public func services() throws(ClusterError) -> [ServiceStatus] {
        try answer(ShellCommand("utils service list", timeout: 120), CommandAnswers.services)
    }

    /// `utils ctl update CTLFile`: the cluster creates and signs its own CTL file (10.0 and later).
    public func updateTokenlessTrustList() throws(ClusterError) {
        try runTrustListCommand("utils ctl update CTLFile", success: "CTL file Updated")
    }

    /// `utils ctl reset localkey`: the cluster creates its own CTL file, signed by its other signer (10.0 and later).
    /// *Unconfirmed*: the words on success, so none are required; what the nodes have then decides.
    public func resetLocalKey() throws(ClusterError) {
        _ = try run(
            ShellCommand(
                "utils ctl reset localkey", questions: [.init("Do you want to continue? (y/n):", answer: "y")],
                timeout: 300))
    }

    /// `utils ctl set-cluster mixed-mode` or `non-secure-mode` (10.0 and later).
    public func setSecurityMode(_ mode: SecurityMode) throws(ClusterError) {
        switch mode {
        case .mixed:
            try runTrustListCommand(
                "utils ctl set-cluster mixed-mode", success: "Cluster set to Mixed Mode")
        case .nonSecure:
            try runTrustListCommand(
                "utils ctl set-cluster non-secure-mode", success: "Cluster set to Non Secure Mode"
            )
        }
    }

    private func runTrustListCommand(_ text: String, success: String) throws(ClusterError) {
        let command = ShellCommand(
            text, questions: [.init("Do you want to continue? (y/n):", answer: "y")], timeout: 300)
        let output = try run(command)
        // *Unconfirmed*: how "non-secure" is spelled in the success line. Only letters count, in any case.
        let plain = { (text: String) in text.lowercased().filter(\.isLetter) }
        guard plain(output).contains(plain(success)) else { throw rejected(text, output) }
    }

    // MARK: -

    /// What a command prints.
    ///
    /// - Throws: `notSupported` if the command is not known, `refused` if it did not succeed.
    package func run(_ command: ShellCommand) throws(ClusterError) -> String {
        let text = try shell.run(command)
        guard !text.contains("No valid command entered") else {
            throw ClusterError(
                .notSupported, operation: localized("run \(command.text)"), node: shell.node,
                message: localized("its command line does not know the command"), found: text)
        }
        if let end = text.firstRange(of: Self.failure) {
            // The general line of failure; the reason, if there is one, comes before it.
            throw ClusterError(
                .refused, operation: localized("run \(command.text)"), node: shell.node,
                message: localized("it did not succeed"), found: String(PEM.rest(of: text[..<end.lowerBound].trimmed)))
        }
        return text
    }

    /// How CUCM reports that a command failed.
    private static let failure = "Executed command unsuccessfully"

    private func answer<T>(_ command: ShellCommand, _ read: (String) -> T?) throws(ClusterError) -> T {
        let text = try run(command)
        guard let value = read(text) else { throw misunderstood(command.text, text) }
        return value
    }

    private func misunderstood(_ command: String, _ text: String) -> ClusterError {
        ClusterError(
            .unexpectedAnswer, operation: localized("run \(command)"), node: shell.node,
            message: localized("unexpected output"),
            found: text)
    }

    private func rejected(_ command: String, _ text: String) -> ClusterError {
        ClusterError(
            .refused, operation: localized("run \(command)"), node: shell.node,
            message: localized("it does not report success"),
            found: text)
    }

    /// A name that cannot be mistaken for more than one argument.
    private func word(_ text: String) throws(ClusterError) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ClusterError(
                .configuration, operation: localized("run a command"), node: shell.node,
                message: localized("'\(text)' is not a valid argument for it"))
        }
        return text
    }
}
