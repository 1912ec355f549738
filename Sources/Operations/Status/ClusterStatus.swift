import Basics
import Configuration
import Messages

/// What was seen of a cluster at one time, as plain values that can be written out and compared.
public struct ClusterStatus: Codable, Sendable, Hashable {
    public enum Mode: String, Codable, Sendable, Hashable {
        case mixed
        case nonSecure = "non-secure"
    }

    /// The name in the configuration.
    public var cluster: String
    /// When it was seen.
    public var taken: Timestamp
    /// The publisher's active version; nil where it did not say, as with everything optional here.
    public var version: String?
    public var securityMode: Mode?
    /// The publisher first.
    public var nodes: [Node]
    /// Every different trust list file that a node serves, once.
    public var trustLists: [TrustList]
    /// Servers that the cluster's database names and the configuration does not.
    public var serversNotConfigured: [String]
    /// Nodes of the configuration that the database does not name.
    public var nodesNotInCluster: [String]

    public struct Node: Codable, Sendable, Hashable {
        public var name: String
        public var address: String
        public var isPublisher: Bool
        /// Whether the configuration has it serve trust lists.
        public var isConfiguredForTFTP: Bool
        public var version: String?
        public var services: [Service]?
        public var certificates: [Certificate]?
        public var replication: Replication?
        /// Nil for a node that is not set up to serve them.
        public var ctl: Served?
        public var itl: Served?
        public var failures: [Failure]

        private enum CodingKeys: String, CodingKey {
            case name, address, version, services, certificates, replication, ctl, itl, failures
            case isPublisher = "publisher"
            case isConfiguredForTFTP = "tftp"
        }

        /// Whether a service is there and started; nil when the services are not known.
        public func runs(_ service: String) -> Bool? {
            services.map { $0.contains { $0.name == service && $0.isStarted } }
        }
    }

    public struct Service: Codable, Sendable, Hashable {
        public var name: String
        /// `STARTED`, `STOPPED` ...
        public var state: String
        /// `Service Not Activated` ...
        public var text: String
        public var isStarted: Bool { state == "STARTED" }
        public var isActivated: Bool { !text.lowercased().contains("not activated") }
    }

    /// A certificate of the node's own.
    public struct Certificate: Codable, Sendable, Hashable {
        /// `CallManager`, `tomcat`, `TVS` ...
        public var unit: String
        public var name: String
        /// As CUCM's own trust lists spell it.
        public var subject: String?
        public var serialNumber: String?
        public var sha1: String?
        public var notAfter: Timestamp?
    }

    /// Database replication as the publisher sees this node.
    public struct Replication: Codable, Sendable, Hashable {
        /// 2 is good; 0 starting, 1 wrong count, 3 mismatch, 4 failed.
        public var state: Int
        /// As printed.
        public var text: String
        public var isGood: Bool { state == 2 }
    }

    /// A trust list file as a node serves it.
    public struct Served: Codable, Sendable, Hashable {
        public var tftp: File
        public var http: File
    }

    public struct File: Codable, Sendable, Hashable {
        public enum State: String, Codable, Sendable, Hashable { case file, absent, failed }
        public var state: State
        /// Bytes.
        public var length: Int?
        public var md5: String?
        public var sha1: String?
        public var error: Failure?
    }

    /// What could not be read of a node.
    public struct Failure: Codable, Sendable, Hashable {
        /// The stable code of ``ClusterError``.
        public var code: String
        /// One sentence.
        public var text: LocalizableText
        /// What to do about it, a sentence each.
        public var next: [LocalizableText]

        init(_ error: ClusterError) {
            code = error.code.rawValue
            text = error.text
            next = [error.next].compactMap(\.self)
        }
    }

    /// A file that at least one node serves.
    public struct TrustList: Codable, Sendable, Hashable {
        public struct Record: Codable, Sendable, Hashable {
            public var role: UInt16?
            public var roleName: String?
            public var dnsName: String?
            public var subject: String?
            public var serialNumber: String?
            /// Nil where the record holds no certificate.
            public var certificateSHA1: String?
            public var notAfter: Timestamp?
        }

        /// `CTLFile.tlv`, `ITLFile.tlv`
        public var kind: String
        public var length: Int
        public var md5: String
        public var sha1: String
        public var signer: String?
        public var made: Timestamp?
        /// Why it is not a trust list that phones can use; nil where nothing was found.
        public var fault: LocalizableText?
        public var records: [Record]
    }
}
