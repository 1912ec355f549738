import ArgumentParser
import Glibc
import Messages
import Tokens

/// The exit statuses of the program; docs/exit-status.md explains them to users.
enum Status {
    static let done: Int32 = 0
    static let failed: Int32 = 1
    static let notThere: Int32 = 2
    static let pinRefused: Int32 = 3
    static let pinLocked: Int32 = 4
    static let verificationFailed: Int32 = 5
    static let notReachable: Int32 = 6
    static let notTrusted: Int32 = 7
    static let partlyDone: Int32 = 8
    static let phonesWouldRefuse: Int32 = 9
    static let interrupted: Int32 = 10
    static let usage: Int32 = 64

    /// The name of a status in JSON.
    static func code(of status: Int32) -> String {
        switch status {
        case notThere: "not-there"
        case pinRefused: "pin-refused"
        case pinLocked: "pin-locked"
        case verificationFailed: "verification-failed"
        case notReachable: "not-reachable"
        case notTrusted: "not-trusted"
        case partlyDone: "partly-done"
        case phonesWouldRefuse: "phones-would-refuse"
        case interrupted: "interrupted"
        case usage: "usage"
        default: "failed"
        }
    }
}

/// An error as the user sees it: one sentence about what happened, one about what to do next.
struct Failure: Error {
    let status: Int32
    /// What happened: names the file, host or token, what was expected and what was found.
    let what: LocalizableText
    /// What to do next, or nil if the first sentence says it.
    let next: LocalizableText?
    /// The stable kind of a failure, the same in every language: a library's own code, or that of the status.
    let code: String
    /// The underlying causes, for `--verbose` and `--json`.
    let causes: [LocalizableText]
    /// Whether ``what`` says that nothing was changed.
    private let saysUnchanged: Bool

    init(
        _ status: Int32, _ what: LocalizableText, code: String? = nil, next: LocalizableText? = nil,
        causes: [LocalizableText] = [], saysUnchanged: Bool = false
    ) {
        self.status = status
        self.what = what
        self.code = code ?? Status.code(of: status)
        self.next = next
        self.causes = causes
        self.saysUnchanged = saysUnchanged
    }

    /// The answer to the question before a change was no, or there was none.
    static func notConfirmed(next: LocalizableText? = nil) -> Failure {
        Failure(
            Status.failed, localized("Not confirmed; nothing was changed."), next: next, saysUnchanged: true)
    }

    /// The same, adding what was left unchanged, unless it says so itself.
    func saying(_ unchanged: LocalizableText?) -> Failure {
        guard let unchanged, !saysUnchanged else { return self }
        return Failure(
            status, [what, unchanged].joined(separator: " "), code: code, next: next, causes: causes)
    }
}

func exitProcess(_ status: Int32) -> Never {
    fflush(nil)
    // A module that hangs must not block the end of the program, too.
    if PKCS11Module.anyHangs { _exit(status) }
    ModuleCrash.willExit(status)
    exit(status)
}
