import Basics
import Cluster
import Messages

/// Everything about a cluster that is needed to rehearse a change on a copy of it, as plain values: what its status
/// shows, its trust lists and certificates, and how many phones of which kind there are. It contains no password, no
/// private key, no pin, and no phone names.
///
/// Source: docs/snapshots.md.
public struct ClusterSnapshot: Codable, Sendable {
    public static let schema = "etoken-bridge-snapshot/1"

    public struct Node: Codable, Sendable {
        public var name: String
        public var address: String
        public var isPublisher: Bool
        public var servesTFTP: Bool
        public var runsTVS: Bool
        public var runsCallManager: Bool
        public var version: String?
        public var services: [ServiceStatus]?
        public var certificates: [Certificate]
        /// The files that it serves, base64; nil if it serves none.
        public var ctl: String?
        public var itl: String?

        private enum CodingKeys: String, CodingKey {
            case name, address, version, services, certificates, ctl, itl
            case isPublisher = "publisher"
            case servesTFTP = "tftp"
            case runsTVS = "tvs"
            case runsCallManager = "callManager"
        }
    }

    /// A certificate of the node itself.
    public struct Certificate: Codable, Sendable {
        /// `CallManager`, `tomcat`, `TVS` ...
        public var unit: String
        public var subject: String?
        public var serialNumber: String?
        public var notAfter: Timestamp?
        /// The certificate itself, base64, if available.
        public var der: String?
    }

    public struct TrustedCertificate: Codable, Sendable {
        public var store: String
        public var name: String
        /// Base64; nil if the cluster returned only a description.
        public var der: String?
    }

    public struct Phones: Codable, Sendable {
        public struct Group: Codable, Sendable {
            public var name: String
            /// Node names by priority.
            public var members: [String]
        }

        public struct Pool: Codable, Sendable {
            public var name: String
            /// The CallManager group; empty if it has none.
            public var group: String
        }

        /// A number of identical phones.
        public struct Kind: Codable, Sendable, Hashable {
            /// As named in the database: `Cisco 7975`.
            public var model: String
            public var pool: String
            public var profile: String
            /// Nil if not known.
            public var isRegistered: Bool?
            public var count: Int

            private enum CodingKeys: String, CodingKey {
                case model, pool, profile, count
                case isRegistered = "registered"
            }
        }

        public var groups: [Group]
        public var pools: [Pool]
        public var kinds: [Kind]

        public var count: Int { kinds.reduce(0) { $0 + $1.count } }
    }

    public var schema: String
    public var cluster: String
    /// When it was taken.
    public var taken: Timestamp
    public var version: String?
    public var securityMode: SecurityMode?
    /// The publisher first.
    public var nodes: [Node]
    /// The contents of the trust store Phone-SAST-trust.
    public var trust: [TrustedCertificate]
    /// Nil if they could not be counted.
    public var phones: Phones?
    /// What could not be read, one sentence each.
    public var gaps: [LocalizableText]
}
