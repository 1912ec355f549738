import Basics
import Cluster
import Configuration
import Messages
import TrustList

/// What was seen of a cluster at one moment, as plain values that can be written out and compared.
public struct ClusterStatus: Codable, Sendable, Hashable {
    /// The name in the configuration.
    public var cluster: String
    /// When it was seen.
    public var taken: Timestamp
    /// The publisher's active version; nil if it did not say, as with everything optional here.
    public var version: String?
    public var securityMode: SecurityMode?
    /// The publisher first.
    public var nodes: [Node]
    /// Every different trust list file that a node serves, once.
    public var trustLists: [TrustList]
    /// Servers in the cluster's database that are not in the configuration.
    public var serversNotConfigured: [String]
    /// Nodes of the configuration that are not in the database.
    public var nodesNotInCluster: [String]
    /// The certificates of the trust stores that matter to trust lists, as the publisher lists them; without those that
    /// it does not date.
    public var trusted: [Trusted]?

    /// A certificate of a trust store.
    public struct Trusted: Codable, Sendable, Hashable {
        /// `Phone-SAST-trust`, `CallManager-trust`
        public var store: String
        /// Of the file, with `.pem`.
        public var name: String
        public var notAfter: Timestamp
    }

    public struct Node: Codable, Sendable, Hashable {
        public var name: String
        public var address: String
        public var isPublisher: Bool
        /// Whether it serves trust lists according to the configuration.
        public var isConfiguredForTFTP: Bool
        public var version: String?
        public var services: [ServiceStatus]?
        public var certificates: [Certificate]?
        public var replication: Replication?
        /// Why the port of the node's Trust Verification Service, which runs, cannot be reached from here; nil if it can,
        /// or if the service does not run.
        public var tvsFailure: LocalizableText?
        /// Nil for a node that does not serve them.
        public var ctl: Served?
        public var itl: Served?
        public var failures: [Failure]

        private enum CodingKeys: String, CodingKey {
            case name, address, version, services, certificates, replication, tvsFailure, ctl, itl, failures
            case isPublisher = "publisher"
            case isConfiguredForTFTP = "tftp"
        }

        /// Whether a service exists and is started; nil if the services are not known.
        public func runs(_ service: String) -> Bool? {
            services.map { $0.contains { $0.name == service && $0.isRunning } }
        }
    }

    /// A certificate of the node itself.
    public struct Certificate: Codable, Sendable, Hashable {
        /// `CallManager`, `tomcat`, `TVS` ...
        public var unit: String
        public var name: String
        /// As spelled in CUCM's own trust lists.
        public var subject: String?
        public var serialNumber: String?
        public var sha1: String?
        public var notAfter: Timestamp?
        /// Nil if the node does not print the certificate itself.
        public var keyBits: Int?
        /// Whether the key is RSA: only those sign trust lists.
        public var isRSA: Bool?

        private enum CodingKeys: String, CodingKey {
            case unit, name, subject, serialNumber, sha1, notAfter, keyBits
            case isRSA = "rsa"
        }
    }

    /// Database replication as the publisher sees it for this node.
    public struct Replication: Codable, Sendable, Hashable {
        /// 2 is good; 0 starting, 1 wrong count, 3 mismatch, 4 failed.
        public var state: Int
        /// As printed.
        public var text: String
        public var isGood: Bool { state == 2 }
    }

    /// A trust list file as served by a node.
    public struct Served: Codable, Sendable, Hashable {
        public var tftp: File
        public var http: File
        /// What the node says itself, on its command line; nil if it was not asked, or did not say.
        public var stated: File?
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
            /// Nil if the record contains no certificate.
            public var certificateSHA1: String?
            public var notAfter: Timestamp?

            var isCallManager: Bool { [Role.ccm, .ccmTFTP].contains { $0.rawValue == role } }
        }

        /// `CTLFile.tlv`, `ITLFile.tlv`
        public var kind: String
        public var length: Int
        public var md5: String
        public var sha1: String
        public var signer: String?
        /// The certificate that signed it, where the list itself contains that.
        public var signerSHA1: String?
        public var made: Timestamp?
        /// Why phones cannot use this trust list; nil if no problem was found.
        public var fault: LocalizableText?
        public var records: [Record]

        /// The record of the signer, if the list itself contains that.
        var signerRecord: Record? {
            records.first { $0.role == 0 && $0.certificateSHA1 != nil && $0.certificateSHA1 == signerSHA1 }
        }
    }
}
