import Messages

/// The smart card service or a reader cannot be used.
public struct SmartCardError: UserError, Equatable {
    /// The kind of error; stable across releases.
    public enum Code: String, Sendable {
        /// libpcsclite is not installed, or cannot be loaded.
        case notInstalled = "pcsc-not-installed"
        /// pcscd is not running, or its socket cannot be reached.
        case noService = "pcsc-no-service"
        /// polkit does not allow this user to use the service.
        case refused = "pcsc-refused"
        /// A function of the service failed.
        case failed = "pcsc-failed"
    }

    public let code: Code
    /// One sentence: what was expected and what was found.
    public let text: LocalizableText
    /// The PC/SC function that failed and what it returned.
    public let function: String
    public let status: PCSCStatus

    package init(_ function: String, _ status: PCSCStatus, cause: String? = nil) {
        self.function = function
        self.status = status
        code =
            switch status {
            case .notInstalled: .notInstalled
            case .noService, .serviceStopped: .noService
            case .securityViolation: .refused
            default: .failed
            }
        text =
            cause.map { localized("The readers cannot be queried: \(status.sentence) (\($0)).") }
            ?? localized("The readers cannot be queried: \(status.sentence).")
    }
}

extension SmartCardError {
    public var next: LocalizableText? { localized("See what is wrong and how to fix it: etoken-bridge doctor") }
    public var details: [LocalizableText] { [localized("\(function) returned \(status.name)")] }
}
