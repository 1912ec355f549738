/// How long a real cluster takes for what the lab does at once. The numbers are assumptions: no public source gives any
/// (docs/lab.md).
public struct LabDurations: Codable, Sendable, Hashable {
    /// How many times as long as a real cluster: 1, or 0.01 for a hundredth.
    let factor: Double

    /// Seconds between stop and start of a service.
    private static let services: [Service: Double] = [
        .tftp: 30, .callManager: 180, .trustVerification: 20, .ctiManager: 60,
    ]

    /// Between a phone's order to restart and its registration.
    private static let phone = 120.0
    private static let phonesASecond = 5.0

    /// - Parameter text: `real`, or a fraction of it: `real/100`.
    /// - Returns: nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.first == "real" else { return nil }
        guard parts.count == 2 else {
            factor = 1
            return
        }
        guard let divisor = Double(parts[1]), (1...10_000).contains(divisor) else { return nil }
        factor = 1 / divisor
    }

    /// As it is specified.
    var text: String { factor == 1 ? "real" : "real/\(1 / factor)" }

    func seconds(_ service: Service) -> Double { (Self.services[service] ?? 0) * factor }

    var phone: Double { Self.phone * factor }

    /// How long AXL takes to restart one phone.
    var order: Double { factor / Self.phonesASecond }
}
