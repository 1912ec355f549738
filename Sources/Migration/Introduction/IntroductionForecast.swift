import Messages
import Phones

/// Whether a change introduces its new signer: has phones take a file first that they accept because of its own signer, and
/// that already names the new one.
public enum IntroductionChoice: String, Codable, Sendable, CaseIterable {
    /// If phones would be left behind without it, and the release is known to support it.
    case auto
    /// The change ends if the release does not support it.
    case always
    case never
}

/// A change with and without introducing its signer, for comparison.
public struct IntroductionForecast: Codable, Sendable {
    /// One of the two ways, in numbers.
    public struct Way: Codable, Sendable, Equatable {
        /// Phones that have the new file in the end, those that need a visit, and those of which neither is known.
        public let follow, visits, unknown: Int
        /// How many restarts of a service on a node, and of a phone.
        public let serviceRestarts, phoneRestarts: Int
        /// About how long it takes: seconds.
        public let seconds: Double
    }

    public let with, without: Way
    /// What phones do with the file that introduces the signer.
    public let introduction: StoredForecast
    /// What they do with the new file if nothing introduces its signer.
    public let direct: StoredForecast

    /// Phones that are left behind only without an introduction.
    var needing: Set<String> { Set(direct.stranded.flatMap(\.phones)) }
}

extension IntroductionForecast.Way {
    init(_ forecast: StoredForecast, rounds: Int, services: Int, seconds: Double) {
        self.init(
            follow: forecast.count(.accepted), visits: forecast.count(.refused), unknown: forecast.count(.unknown),
            serviceRestarts: services * rounds, phoneRestarts: forecast.count * rounds,
            seconds: (seconds * 10).rounded() / 10)
    }
}
