/// Who started a run.
public struct RunAuthor: Sendable {
    public let who, version: String
    /// Where the change record goes, absolute: a run that continues the change writes it there, too.
    public var report: String?
    /// Who became that user with sudo, according to sudo.
    public var sudoUser: String?
    /// The command line, as a shell reads it.
    public var command: String?
    /// The ticket of this run, and who approved it, as the user says.
    public var ticket, approver: String?

    /// - Parameters:
    ///   - who: `alice@workstation`.
    ///   - version: of etoken-bridge.
    ///   - report: where the change record goes, absolute.
    public init(who: String, version: String, report: String? = nil) {
        self.who = who
        self.version = version
        self.report = report
    }

    func run(_ purpose: JournalRecord.Run.Purpose) -> JournalRecord.Run {
        var run = JournalRecord.Run(purpose: purpose, who: who, version: version, report: report)
        (run.sudoUser, run.command, run.ticket, run.approver) = (sudoUser, command, ticket, approver)
        return run
    }
}
