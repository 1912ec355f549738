import Glibc

/// The signals of a program that fails: itself, or a library that it has loaded, such as a PKCS#11 module.
package enum Faults {
    package static let signals = [SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGSYS]

    /// Ends the program at once if one comes. Swift's runtime would print registers and memory, in which PINs may be, and take
    /// many seconds for that.
    package static func endAtOnce() { for number in signals { signal(number, SIG_DFL) } }
}
