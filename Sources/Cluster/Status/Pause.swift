import Glibc

/// Waiting between two looks at something that changes by itself.
package enum Pause {
    static func milliseconds(_ count: UInt32) { usleep(count * 1000) }

    /// Waits, unless the user wants the program to stop: that is looked at every 100 ms.
    package static func seconds(_ count: Double, unless isInterrupted: () -> Bool) {
        let end = ContinuousClock.now + .seconds(count)
        while !isInterrupted() {
            let left = (end - .now) / .milliseconds(1)
            guard left > 0 else { return }
            milliseconds(UInt32(min(left.rounded(.up), 100)))
        }
    }
}
