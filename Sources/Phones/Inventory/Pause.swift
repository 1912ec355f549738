import Glibc

/// Waiting before a question is asked again.
enum Pause {
    static func seconds(_ count: Double) {
        let end = ContinuousClock.now + .seconds(count)
        while ContinuousClock.now < end { usleep(50_000) }
    }
}
