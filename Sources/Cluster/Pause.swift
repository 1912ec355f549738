import Glibc

/// Waiting between two looks at something that changes by itself.
package enum Pause {
    package static func milliseconds(_ count: UInt32) { usleep(count * 1000) }
}
