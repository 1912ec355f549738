import Cluster
import Configuration
import Messages
import TrustList

/// The trust list files that a cluster has now: proven to be the nodes' own, complete, and signed by the signers that they
/// name.
///
/// The only reader of them; a change, a forecast and `phones check` start from here.
public struct PresentTrustLists: Sendable {
    /// The CTL file, the same on every node; or that there is none.
    public let ctl: Authenticated<[UInt8]?>
    /// The same, decoded.
    public let list: TrustListFile?
    /// The ITL files by node.
    public let itls: [String: Authenticated<[UInt8]>]
    /// The same, decoded.
    public let itlLists: [String: TrustListFile]

    /// - Parameters:
    ///   - mode: the cluster's security mode, if every node of a mixed one must have a CTL file.
    ///   - acceptingUnproven: whether what only TFTP and HTTP say is accepted from a node that has no other way.
    /// - Throws: ``EvidenceError``, or the error of a node.
    public init(of lists: ClusterTrustLists, mode: SecurityMode? = nil, acceptingUnproven: Bool = false) throws {
        let file = lists.readWitnessed(.ctl)
        // Someone who answers in a node's place is detected before anything else is reported about the answer.
        try file.checkContradictions()
        if let failure = file.served.failures.first { throw failure.error }
        // If no node has one, the file is created again; one that only some nodes lack is a fault.
        let isSomewhere = file.served.answers.contains { $0.bytes != nil }
        if mode == .mixed, isSomewhere, let reading = file.served.answers.first(where: { $0.bytes == nil }) {
            throw EvidenceError(
                .inconsistent, node: reading.node,
                localized(
                    "Node \(reading.node) has no CTLFile.tlv (asked over \(reading.transport.text)), but the cluster's security mode is mixed, and other nodes have one."
                ),
                next:
                    localized(
                        "Restart Cisco Tftp there, then run this command again: etoken-bridge cluster restart-services --cluster \(word: lists.cluster ?? "NAME") --service tftp --node \(word: reading.node). If that does not help, give it the file of the others: etoken-bridge ctl fetch --output CTLFile.tlv, then ctl deploy"
                    )
            )
        }
        ctl = try file.contents(acceptingUnproven: acceptingUnproven)
        list = try ctl.value.map { try Self.list($0, of: file.served.reference?.node ?? "") }
        (itls, itlLists) = try Self.itls(lists, acceptingUnproven)
    }

    /// The CTL file and its list, where there is one.
    public var file: (bytes: [UInt8], list: TrustListFile)? { ctl.value.flatMap { bytes in list.map { (bytes, $0) } } }

    /// The ITL file of phones about which nothing better is known: that of the first of these nodes that has one, else any.
    public func usualITL(_ nodes: [String]) -> TrustListFile? {
        nodes.lazy.compactMap { itlLists[$0] }.first ?? itlLists.first?.value
    }

    /// A CTL file that is complete and signed by the signer that it names.
    static func list(_ bytes: [UInt8], of node: String) throws -> TrustListFile {
        let again: LocalizableText = localized(
            "On the publisher, run utils ctl update CTLFile, and run this command again.")
        let list: TrustListFile
        do { list = try TrustListFile(decoding: bytes) } catch {
            throw EvidenceError(
                .unusable, node: node,
                localized("The CTLFile.tlv that node \(node) serves is not a complete trust list: \(error)."),
                next: again, cause: error)
        }
        guard let signer = list.signerRecord?.x509, try list.isSigned(by: signer) else {
            throw EvidenceError(
                .unusable, node: node,
                localized(
                    "The CTLFile.tlv that the cluster serves does not verify with the signer that it names, \(list.header.signerName)."
                ),
                next: again)
        }
        return list
    }

    private static func itls(
        _ lists: ClusterTrustLists, _ acceptingUnproven: Bool
    ) throws -> ([String: Authenticated<[UInt8]>], [String: TrustListFile]) {
        let file = lists.readWitnessed(.itl)
        try file.checkContradictions()
        if let failure = file.served.failures.first { throw failure.error }
        var (itls, decoded): ([String: Authenticated<[UInt8]>], [String: TrustListFile]) = ([:], [:])
        for node in file.served.nodes {
            let contents = try file.contents(of: node, acceptingUnproven: acceptingUnproven)
            guard let itl = contents.file else { continue }
            func unusable(_ text: LocalizableText) -> EvidenceError {
                EvidenceError(
                    .unusable, node: node, text,
                    next:
                        localized(
                            "Restart the services that create and serve it, then run the command again: etoken-bridge cluster restart-services --cluster \(word: lists.cluster ?? "NAME") --service tvs --service tftp --node \(word: node)"
                        ))
            }
            let list: TrustListFile
            do { list = try TrustListFile(decoding: itl.value) } catch {
                throw unusable(
                    localized("The ITLFile.tlv on node \(node) is not a complete trust list: \(error)."))
            }
            // A file that contains only hashes cannot be verified by itself; then what the node states has to do.
            let signer = list.signerRecord?.x509
            let isSigned = try signer.map { try list.isSigned(by: $0) } ?? (contents.proof.way == .statement)
            guard isSigned else {
                throw unusable(
                    localized(
                        "The ITLFile.tlv on node \(node) does not verify with the signer that it names, \(list.header.signerName)."
                    ))
            }
            (itls[node], decoded[node]) = (itl, list)
        }
        return (itls, decoded)
    }
}
