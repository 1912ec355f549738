/// What `cluster-lab status` shows.
public struct LabStatus: Codable, Sendable {
    public struct Node: Codable, Sendable {
        public let name: String
        public let address: String
        public let isUp: Bool
        public let faults: [String]
        /// SHA-1 of the CTL file that the node serves; nil if there is none.
        public let ctlSHA1: String?
        public let ctlLength: Int?
        public let itlSHA1: String?
        /// Service names and whether they are started.
        public let services: [String: Bool]
        /// Process id of the TFTP server.
        public let tftpProcess: Int32?
    }

    public struct Phone: Codable, Sendable {
        public let name: String
        public let model: String
        public let address: String
        public let registeredAt: String?
        public let starts: Int
        /// SHA-1 of the CTL file that it holds.
        public let ctlSHA1: String?
        public let itlSHA1: String?
        /// The outcome for the CTL file at the last start: `accepted`, `unchanged`, `refused`, `absent`, `unreachable`.
        public let ctlOutcome: String?
        public let ctlReason: String?
        public let itlOutcome: String?
        public let itlReason: String?
    }

    /// A number of identical phones.
    public struct Crowd: Codable, Sendable, Hashable {
        public let model: String
        public let pool: String
        public let isRegistered: Bool
        public let ctlSHA1: String?
        /// The outcome for the CTL file at the last start.
        public let ctlOutcome: String?
        public let ctlReason: String?
        public let count: Int
    }

    public let schema: String
    public let running: Bool
    public let directory: String
    public let process: Int32?
    public let version: String?
    /// The parameter ClusterSecurityMode.
    public let securityMode: Int?
    /// File names in the trust store, `UNIT/NAME.pem`.
    public let trustStore: [String]
    public let nodes: [Node]
    public let phones: [Phone]
    /// The other phones.
    public let crowd: [Crowd]
    /// How many of them are starting now.
    public let restarting: Int
    /// How many phones should be registered, and have no server that is up.
    public let unserved: Int
    /// How often a registered phone lost its last server since the lab started.
    public let losses: Int
    /// How long services or phones were starting since then, in seconds.
    public let busySeconds: Double
}
