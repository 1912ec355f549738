import Glibc

/// What the system says about a call that failed.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let number: Int32

    package init(_ number: Int32 = errno) { self.number = number }

    /// The system's error message.
    package var description: String { String(cString: strerror(number)) }
}
