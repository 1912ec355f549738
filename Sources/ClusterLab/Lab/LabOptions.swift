import Basics

/// The properties of a new lab. What is nil gets its default, or stays as it is in an existing lab.
public struct LabOptions: Sendable, Hashable {
    public static let nodeCounts = 2...30
    public static let phoneCounts = 3...100_000

    /// By default 10.5.
    public var release: LabRelease?
    /// How many nodes, including the publisher; by default two.
    public var nodes: Int?
    /// How many of them serve TFTP, the publisher first; by default all of up to four, and three of more.
    public var tftpNodes: Int?
    /// How many of them run the Trust Verification Service, the publisher first; by default the publisher alone, and with
    /// many phones the first four.
    public var tvsNodes: Int?
    /// Cisco Tftp keeps serving a file as it was when it started; by default not.
    public var tftpCache: Bool?
    /// One CallManager certificate for all nodes; by default each has its own.
    public var multiServerCertificate: Bool?
    /// What `utils ctl update CTLFile` includes from Phone-SAST-trust; by default what the release is known to include.
    public var sastTrust: SASTTrust?
    /// How many phones; by default three. More of them have no web pages, and several pools.
    public var phones: Int?
    /// The models of the phones with web pages; by default a 7975, an 8861 and a 7960.
    public var deskPhones: [String]?
    /// What the lab does differently from usual.
    public var manners: [Manner]?
    /// Into how many CallManager groups the nodes are divided that share no node; by default three that overlap.
    public var groups: Int?
    /// How long services and phones take; by default nothing.
    public var durations: LabDurations?
    /// The path of a cluster's snapshot or capture to model a new lab on.
    public var like: String?
    /// A folder of RSA keys: a new lab takes its own from it, and leaves there what it has to generate. For tests,
    /// where generating keys would be most of the work; by default all are generated.
    public var keys: String?

    public init(
        release: LabRelease? = nil, nodes: Int? = nil, tftpNodes: Int? = nil, tvsNodes: Int? = nil,
        tftpCache: Bool? = nil, phones: Int? = nil, like: String? = nil,
        keys: String? = nil, multiServerCertificate: Bool? = nil, sastTrust: SASTTrust? = nil,
        manners: [Manner]? = nil, deskPhones: [String]? = nil, groups: Int? = nil, durations: LabDurations? = nil
    ) {
        (self.groups, self.durations) = (groups, durations)
        self.deskPhones = deskPhones
        self.multiServerCertificate = multiServerCertificate
        self.sastTrust = sastTrust
        self.keys = keys.map(Files.absolute)
        self.manners = manners
        self.like = like.map(Files.absolute)
        self.phones = phones
        self.release = release
        self.nodes = nodes
        self.tftpNodes = tftpNodes
        self.tvsNodes = tvsNodes
        self.tftpCache = tftpCache
    }

    var nodeCount: Int { nodes ?? 2 }
    var tftpNodeCount: Int { tftpNodes ?? (nodeCount <= 4 ? nodeCount : 3) }

    var tvsNodeCount: Int { tvsNodes ?? (phones == nil ? 1 : min(nodeCount, 4)) }

    /// What is wrong with the numbers, in a sentence; nil if nothing is.
    public var problem: String? {
        if let manners, let problem = Manner.problem(manners) { return problem }
        if like != nil {
            return release == nil && nodes == nil && tftpNodes == nil && tvsNodes == nil && phones == nil
                && deskPhones == nil && groups == nil
                ? nil : "a lab like a snapshot has its release, nodes and phones; give no others"
        }
        if let deskPhones {
            guard (1...20).contains(deskPhones.count), phones == nil else {
                return "--desk-phones takes 1 to 20 models, and goes without --phones"
            }
            if let model = deskPhones.first(where: { name in !PhoneModel.known.contains { $0.rawValue == "CP-\(name)" }
            }) {
                return "the lab knows no phone \(model)"
            }
        }
        guard Self.nodeCounts.contains(nodeCount) else {
            return "a lab has \(Self.nodeCounts.lowerBound) to \(Self.nodeCounts.upperBound) nodes, not \(nodeCount)"
        }
        if let phones, !Self.phoneCounts.contains(phones) {
            return "a lab has \(Self.phoneCounts.lowerBound) to \(Self.phoneCounts.upperBound) phones, not \(phones)"
        }
        if let groups, phones == nil || !(1...nodeCount).contains(groups) {
            return "\(nodeCount) nodes make 1 to \(nodeCount) groups, not \(groups), and only with --phones"
        }
        guard (1...nodeCount).contains(tftpNodeCount) else {
            return "of \(nodeCount) nodes, 1 to \(nodeCount) can serve TFTP, not \(tftpNodeCount)"
        }
        guard (1...nodeCount).contains(tvsNodeCount) else {
            return
                "of \(nodeCount) nodes, 1 to \(nodeCount) can run the Trust Verification Service, not \(tvsNodeCount)"
        }
        return nil
    }

    /// How an existing lab differs from what is asked for, in a few words; nil if it does not.
    func difference(from plan: LabPlan) -> String? {
        if let release, release != plan.release {
            return "of release \(plan.release.rawValue), not \(release.rawValue)"
        }
        if let nodes, nodes != plan.nodes.count { return "of \(plan.nodes.count) nodes, not \(nodes)" }
        let servers = plan.nodes.count { $0.servesTFTP }
        if let tftpNodes, tftpNodes != servers { return "of \(servers) TFTP nodes, not \(tftpNodes)" }
        let verifiers = plan.tvsNodes.count
        if let tvsNodes, tvsNodes != verifiers { return "of \(verifiers) TVS nodes, not \(tvsNodes)" }
        let count = plan.phones.count + plan.population.count
        if let phones, phones != count { return "of \(count) phones, not \(phones)" }
        if let deskPhones, deskPhones.map({ "CP-\($0)" }) != plan.phones.map(\.model.rawValue) {
            return "of other desk phones"
        }
        if let groups, groups != plan.population.groups.count {
            return "of \(plan.population.groups.count) groups, not \(groups)"
        }
        if let durations, durations != plan.durations {
            return plan.durations.map { "with --durations \($0.text)" } ?? "without --durations"
        }
        if let multiServerCertificate, multiServerCertificate != (plan.hasMultiServerCertificate ?? false) {
            return "\(multiServerCertificate ? "without" : "with") a CallManager certificate of all nodes"
        }
        if let sastTrust, sastTrust != plan.sastTrust ?? plan.release.usualSASTTrust {
            return "with --sast-trust \((plan.sastTrust ?? plan.release.usualSASTTrust).rawValue)"
        }
        if let manners, Set(manners) != Set(plan.manners ?? []) { return "of other manners" }
        if let tftpCache, tftpCache != plan.tftpCache { return "\(plan.tftpCache ? "with" : "without") a TFTP cache" }
        return nil
    }

    /// The same as arguments of `serve`.
    var arguments: [String] {
        var list: [String] = []
        if let release { list += ["--release", release.rawValue] }
        if let nodes { list += ["--nodes", "\(nodes)"] }
        if let tftpNodes { list += ["--tftp-nodes", "\(tftpNodes)"] }
        if let tvsNodes { list += ["--tvs-nodes", "\(tvsNodes)"] }
        if let like { list += ["--like", like] }
        if let keys { list += ["--keys", keys] }
        if let phones { list += ["--phones", "\(phones)"] }
        if let deskPhones { list += ["--desk-phones", deskPhones.joined(separator: ",")] }
        if let groups { list += ["--groups", "\(groups)"] }
        if let durations { list += ["--durations", durations.text] }
        if let manners, !manners.isEmpty { list += ["--manners", manners.map(\.rawValue).joined(separator: ",")] }
        if tftpCache == true { list += ["--tftp-cache"] }
        if multiServerCertificate == true { list += ["--multi-server-certificate"] }
        if let sastTrust { list += ["--sast-trust", sastTrust.rawValue] }
        return list
    }
}
