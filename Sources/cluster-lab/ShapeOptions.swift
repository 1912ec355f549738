import ArgumentParser
import ClusterLab

/// The properties of a new lab.
struct ShapeOptions: ParsableArguments {
    @Option(
        help:
            "The CUCM release of a new lab: 8.6, 9.1, 10.5(1), 10.5 (10.5(2), the default), 11.5, 12.5, 14 or 15.")
    var release: LabRelease?
    @Option(help: "How many nodes a new lab has, 2 (the default) to 30.") var nodes: Int?
    @Option(help: "How many of them serve TFTP. Default: all of up to four, three of more.") var tftpNodes: Int?
    @Option(
        help: "How many of them run the Trust Verification Service. Default: the publisher; with --phones, up to four.")
    var tvsNodes: Int?
    @Option(help: "How many phones a new lab has, 3 (the default) to 100,000.") var phones: Int?
    @Option(
        help:
            "The models of a new lab's phones with web pages, for example 7975,7975,8861. Default: 7975,8861,7960.",
        transform: { $0.split(separator: ",").map(String.init) })
    var deskPhones: [String]?
    @Option(
        help:
            "Divide the nodes of a new lab with --phones into so many CallManager groups that share no node. Default: three groups that overlap."
    )
    var groups: Int?
    @Option(
        help:
            "How long services and phones of a new lab take: real, or a fraction, as real/100 (see docs/lab.md). Default: no time.",
        transform: { text in
            guard let durations = LabDurations(text) else {
                throw ValidationError("\(text) is neither real nor real/N, with N from 1 to 10000")
            }
            return durations
        })
    var durations: LabDurations?
    @Option(
        help:
            "Model a new lab on the cluster of this snapshot (etoken-bridge cluster status --snapshot FILE) or capture (etoken-bridge capture), with the manners seen there.",
        completion: .file())
    var like: String?
    @Option(
        help:
            "For tests only: a folder of your own that RSA keys are taken from, and new ones left in, as making them takes long.",
        completion: .directory)
    var keys: String?
    @Option(
        help:
            "What a new lab does in another way than usual: a number for some at random, or names with commas between them (see docs/lab.md).",
        transform: { text in
            guard let manners = Manner.list(text) else {
                let known = Manner.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("\(text) is neither a number nor a list of manners; known: \(known)")
            }
            return manners
        })
    var manners: [Manner]?
    @Flag(help: "Cisco Tftp serves a changed file only after a restart.") var tftpCache = false
    @Flag(help: "One CallManager certificate for all nodes of a new lab.") var multiServerCertificate = false
    @Option(
        help:
            "Which certificates of Phone-SAST-trust utils ctl update CTLFile writes into the CTL file: none (the default before 12), servers only, or all, those of tokens too (from 12 on)."
    )
    var sastTrust: SASTTrust?

    var options: LabOptions {
        LabOptions(
            release: release, nodes: nodes, tftpNodes: tftpNodes, tvsNodes: tvsNodes, tftpCache: tftpCache ? true : nil,
            phones: phones, like: like, keys: keys,
            multiServerCertificate: multiServerCertificate ? true : nil, sastTrust: sastTrust, manners: manners,
            deskPhones: deskPhones, groups: groups, durations: durations)
    }
}
