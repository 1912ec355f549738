import Cluster
import Messages
import Operations
import X509

/// What a plan depends on: the cluster as it was when the plan was made, by fingerprints.
public struct WorldState: Codable, Sendable, Equatable {
    /// The active version, as `show version active` prints it.
    public let version: String
    public let mode: SecurityMode
    /// The nodes that serve TFTP, the publisher first.
    public let nodes: [String]
    /// SHA-256 of the CTL file that every node serves, lower-case hexadecimal; nil if there is none.
    public let ctl: String?
    /// How it was proven to be the nodes' own; nil in plans of versions that did not prove it.
    public let proof: Proof?
    /// SHA-256 of each node's ITL file, by node.
    public let itls: [String: String]
    /// SHA-256 of the certificates in Phone-SAST-trust, sorted.
    public let trusted: [String]

    /// What has changed, one sentence each; empty if nothing has.
    func differences(to now: WorldState) -> [LocalizableText] {
        var sentences: [LocalizableText] = []
        func compare<Value: Equatable>(
            _ what: LocalizableText, _ old: Value, _ new: Value, _ text: (Value) -> LocalizableText
        ) {
            if old != new { sentences.append(localized("\(what) was \(text(old)) and is now \(text(new))")) }
        }
        compare(localized("the version"), version, now.version) { .verbatim($0) }
        compare(localized("the security mode"), mode, now.mode) { .verbatim($0.name) }
        compare(localized("the list of TFTP nodes"), nodes, now.nodes) { .verbatim($0.joined(separator: " ")) }
        compare(localized("the CTL file's SHA-256"), ctl, now.ctl) {
            $0.map { .verbatim($0) } ?? localized("no file")
        }
        for node in Set(itls.keys).union(now.itls.keys).sorted() {
            compare(localized("the ITL file of \(node) (SHA-256)"), itls[node], now.itls[node]) {
                $0.map { .verbatim($0) } ?? localized("no file")
            }
        }
        compare(localized("the number of certificates in \(TrustStores.phoneSAST)"), trusted.count, now.trusted.count) {
            .verbatim("\($0)")
        }
        if trusted.count == now.trusted.count, trusted != now.trusted {
            sentences.append(localized("\(TrustStores.phoneSAST) contains different certificates than before"))
        }
        return sentences
    }
}
