import Basics
import Messages
import Operations

/// Clusters as the output of a Nagios plugin: a line for people, performance data, and what was found.
///
/// Always in English, as rules match it. Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios",
/// "Performance data".
public struct PluginOutput: Sendable {
    private let overviews: [ClusterOverview]

    public init(_ overviews: [ClusterOverview]) { self.overviews = overviews }

    /// 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
    public var exitStatus: Int32 { ClusterOverview.worst(overviews).pluginStatus }

    /// Without a newline at the end.
    public var text: String {
        let word = Self.words[ClusterOverview.worst(overviews)] ?? ""
        let bad = overviews.filter { $0.health != .ok }
        let summary =
            bad.isEmpty
            ? "\(overviews.count) of \(overviews.count) clusters without findings"
            : bad.map { "\($0.cluster): \(first($0))" }.joined(separator: "; ")
        let head = "CUCM \(word) - \(Self.clean(summary)) | \(performanceData.joined(separator: " "))"
        return ([head] + details.map(Self.clean)).joined(separator: "\n")
    }

    private static let words: [ClusterOverview.Health: String] = [
        .ok: "OK", .warning: "WARNING", .critical: "CRITICAL", .unknown: "UNKNOWN",
    ]

    private func first(_ overview: ClusterOverview) -> String {
        let rest = overview.findings.count - 1
        return (overview.findings.first?.text.text(in: .english) ?? "not read")
            + (rest > 0 ? " (and \(rest) more)" : "")
    }

    private var details: [String] {
        overviews.flatMap { overview in
            overview.findings.map { "\(overview.cluster): \($0.severity.rawValue): \($0.text.text(in: .english))" }
        }
    }

    private var performanceData: [String] {
        overviews.flatMap { overview in
            func datum(_ name: String, _ value: String) -> String {
                // Quotes, equals signs and bars separate.
                "'\(overview.cluster.filter { !"'=|".contains($0) }) \(name)'=\(value)"
            }
            let days = overview.nextExpiry.map { ($0.seconds - overview.taken.seconds) / 86400 }
            return [
                datum("findings", "\(overview.findings.count);0;0;0"),
                datum("phones left behind", "\(overview.strandedPhones);0;;0"),
                days.map { datum("days to expiry", "\($0);30:;0:") },
                datum("read", "\(overview.seconds)s"),
            ].compactMap(\.self)
        }
    }

    /// One line; a bar would begin the performance data.
    private static func clean(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ").replacing("|", with: "/")
    }
}
