import Glibc

/// Waiting between two looks at something that changes by itself.
enum Pause {
    static func milliseconds(_ count: UInt32) { usleep(count * 1000) }
}
