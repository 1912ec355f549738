import ArgumentParser
import Glibc
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
}

/// An error as the user sees it: one sentence of what happened, one of what to do next.
struct Failure: Error {
    let status: Int32
    /// What happened: names the file, host or token, what was expected and what was found.
    let what: String
    /// What to do next, or nil where the first sentence says it.
    let next: String?
    /// What lies beneath, for `--verbose` and `--json`.
    let causes: [String]

    init(_ status: Int32, _ what: String, next: String? = nil, causes: [String] = []) {
        self.status = status
        self.what = what
        self.next = next
        self.causes = causes
    }
}

func exitProcess(_ status: Int32) -> Never {
    fflush(nil)
    // A module that hangs must not hang the end of the program, too.
    if PKCS11Module.anyHangs { _exit(status) }
    exit(status)
}
