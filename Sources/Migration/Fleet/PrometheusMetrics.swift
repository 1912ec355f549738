import Basics
import Cluster
import Messages
import Operations

/// Clusters as metrics in the text format of Prometheus, for the textfile collector of its node exporter.
///
/// Source: Prometheus documentation, "Exposition formats", "Text-based format". The metrics: docs/monitoring.md.
public struct PrometheusMetrics: Sendable {
    private let overviews: [ClusterOverview]

    public init(_ overviews: [ClusterOverview]) { self.overviews = overviews }

    /// Ends with a newline.
    public var text: String {
        families.filter { !$0.samples.isEmpty }.map { family in
            let name = "etoken_bridge_\(family.name)"
            let samples = family.samples.map { "\(name)\(Self.labels($0.labels)) \($0.value)\n" }
            return "# HELP \(name) \(family.help)\n# TYPE \(name) gauge\n" + samples.joined()
        }.joined()
    }

    private struct Family {
        let name: String
        let help: String
        let samples: [(labels: [(name: String, value: String)], value: String)]
    }

    private var families: [Family] {
        [
            family("up", "Whether the cluster's publisher could be read.") { $0.health == .unknown ? 0 : 1 },
            info,
            family("tokens", "Hardware tokens in the CTL file.") { $0.tokens },
            findings,
            family("stale_records", "Certificates of servers that the CTL file does not contain.") { $0.staleRecords },
            family("certificate_expiry_timestamp_seconds", "When the first certificate expires, in Unix time.") {
                $0.nextExpiry.map { Int($0.seconds) }
            },
            family("replication_good", "Whether database replication is good on every node.") {
                $0.replicates.map { $0 ? 1 : 0 }
            },
            family("change_unfinished", "Whether a change has to be resumed or rolled back.") {
                $0.unfinishedChange == nil ? 0 : 1
            },
            family("phones_left_behind", "Phones that did not follow a change and were not visited since.") {
                $0.strandedPhones
            },
            family("ctl_drifted", "Whether the CTL file is another one than the last change left.") {
                $0.drifted.map { $0 ? 1 : 0 }
            },
            family("read_timestamp_seconds", "When the cluster was read, in Unix time.") { Int($0.taken.seconds) },
            Family(
                name: "read_duration_seconds", help: "How long reading the cluster took.",
                samples: overviews.map { ([("cluster", $0.cluster)], "\($0.seconds)") }),
        ]
    }

    /// What is text about a cluster, as labels of a metric that is always 1.
    private var info: Family {
        Family(
            name: "cluster_info", help: "Release, security mode and signer of the CTL file.",
            samples: overviews.map { overview in
                (
                    [
                        ("cluster", overview.cluster), ("version", overview.version ?? ""),
                        ("mode", overview.mode?.name ?? ""), ("signed_by", overview.signedBy?.rawValue ?? ""),
                        ("signer", overview.signer ?? ""),
                    ], "1"
                )
            })
    }

    private var findings: Family {
        Family(
            name: "findings", help: "What is wrong with the cluster, by code and severity.",
            samples: overviews.flatMap { overview in
                Dictionary(grouping: overview.findings) { [$0.code.rawValue, $0.severity.rawValue] }
                    .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, found in
                        (
                            [("cluster", overview.cluster), ("code", key[0]), ("severity", key[1])],
                            "\(found.count)"
                        )
                    }
            })
    }

    private func family(_ name: String, _ help: String, _ value: (ClusterOverview) -> Int?) -> Family {
        Family(
            name: name, help: help,
            samples: overviews.compactMap { overview in
                value(overview).map { ([("cluster", overview.cluster)], "\($0)") }
            })
    }

    private static func labels(_ labels: [(name: String, value: String)]) -> String {
        "{" + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    /// A label's value: backslash, quote and newline are escaped.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n", "\r\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
