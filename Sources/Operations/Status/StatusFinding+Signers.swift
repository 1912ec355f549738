import Basics
import Cluster
import Configuration
import Messages
import TrustList

/// Whether the trust lists have the certificates that the cluster uses now, and who may sign what. Each rule's source is in
/// docs/trust-list-format.md or docs/phone-acceptance.md.
extension ClusterStatus {
    private var publisher: Node? { nodes.first(where: \.isPublisher) }

    /// The CTL file that a node serves, if phones can use it.
    func ctl(of node: Node) -> TrustList? {
        trustLists.first { $0.sha1 == node.ctl?.tftp.sha1 && $0.kind == TrustListKind.ctl.fileName && $0.fault == nil }
    }

    private func own(_ unit: String, of node: Node) -> Certificate? {
        node.certificates?.first { $0.unit == unit && $0.sha1 != nil }
    }

    static func isToken(_ record: TrustList.Record?) -> Bool {
        record?.role == Role.sast.rawValue && record?.dnsName?.isEmpty == true
    }

    /// The publisher's CAPF or ITLRecovery certificate was regenerated, and the CTL file was not.
    func staleRecords() -> [StatusFinding] {
        guard securityMode == .mixed, let publisher, let list = ctl(of: publisher) else { return [] }
        return [staleCAPF(list, publisher), staleITLRecovery(list, publisher)].compactMap(\.self)
    }

    private func staleCAPF(_ list: TrustList, _ publisher: Node) -> StatusFinding? {
        let records = list.records.filter { $0.role == Role.capf.rawValue && $0.certificateSHA1 != nil }
        guard let sha1 = own("CAPF", of: publisher)?.sha1, !records.isEmpty,
            !records.contains(where: { $0.certificateSHA1 == sha1 })
        else { return nil }
        return finding(
            .certificateNotInFile, node: publisher.name,
            localized(
                "The CTL file has a former CAPF certificate; \(publisher.name) uses another one now (SHA-1 \(sha1)). Secure phones whose certificates it issues stay unregistered."
            ), next: updateCertificates)
    }

    private func staleITLRecovery(_ list: TrustList, _ publisher: Node) -> StatusFinding? {
        guard let own = own("ITLRecovery", of: publisher), let sha1 = own.sha1 else { return nil }
        let signer = ClusterSigner(
            "ITLRecovery", in: list.records.compactMap(ClusterSigner.Entry.init), subject: own.subject, sha1: sha1)
        guard signer.isNamed, !signer.isPresent else { return nil }
        let isByToken = Self.isToken(list.signerRecord)
        return finding(
            .certificateNotInFile, node: publisher.name,
            localized(
                "The CTL file has a former ITLRecovery certificate; \(publisher.name) uses another one now (SHA-1 \(sha1)). An upgrade to 12.5 before SU3 leaves a cluster so (Cisco field notice FN70613, bug CSCvv13565)."
            ),
            next: ClusterSigner.advice(on: "ITLRecovery", isByToken: isByToken, update: updateCertificates)
                + (isByToken
                    ? []
                    : [
                        localized(
                            "Both as one change, with a forecast: etoken-bridge migrate update-certificates --cluster \(word: cluster)"
                        )
                    ]))
    }

    /// What to do about a file that the cluster signed with a former ITLRecovery certificate, a sentence each. Source:
    /// Cisco field notice FN70613.
    public static var localKeyAdvice: [LocalizableText] {
        [
            localized(
                "On the publisher, run utils ctl reset localkey: CallManager signs the file then, which phones know. Restart Cisco CallManager, Cisco CTIManager and Cisco Tftp on every node, and the phones."
            ),
            localized(
                "When the phones have that file, run utils ctl update CTLFile, and restart the same services and the phones again."
            ),
        ]
    }

    /// A phone that takes its first CTL file checks its first ITL file with it.
    func itlSignersNotInCTL() -> [StatusFinding] {
        guard securityMode == .mixed else { return [] }
        let roles = [Role.sast, .ccmTFTP, .tftp].map(\.rawValue)
        return nodes.compactMap { node in
            guard let ctl = ctl(of: node), let itl = trustLists.first(where: { $0.sha1 == node.itl?.tftp.sha1 }),
                itl.fault == nil, let signer = itl.signerSHA1,
                !ctl.records.contains(where: { $0.certificateSHA1 == signer && $0.role.map(roles.contains) == true })
            else { return nil }
            return finding(
                .itlSignerNotInFile, .warning, node: node.name,
                localized(
                    "The CTL file has no record that may sign for \(itl.signer ?? "?"), which signs the ITL file of \(node.name): a new or erased phone accepts this CTL file and then cannot verify the ITL file."
                ), next: updateCertificates)
        }
    }

    /// An ITL file that is too large for phones.
    func largeITLs() -> [StatusFinding] {
        trustLists.filter { $0.kind == TrustListKind.itl.fileName }.compactMap { list in
            let certificates = Set(list.records.compactMap(\.certificateSHA1)).count
            guard let excess = TrustListFile.itlExcess(length: list.length, certificates: certificates) else {
                return nil
            }
            let servers = servers(of: list)
            return finding(
                .itlTooLarge, .warning, node: servers.first,
                localized("\(excess) (ITL file of \(servers.joined(separator: ", "))): phones fail to load it."),
                next: localized(
                    "Delete trust certificates that nothing uses, such as those of former nodes, in OS Administration, and restart the Trust Verification Service and Cisco Tftp."
                ))
        }
    }

    /// From 14 SU3 on the service that took files from the CTL Client no longer supports tokens.
    func tokensOnNewReleases() -> [StatusFinding] {
        guard let publisher, let list = ctl(of: publisher), Self.isToken(list.signerRecord),
            let version = version.flatMap(ClusterVersion.init), version.mayBe(atLeast: .withoutTokens)
        else { return [] }
        return [
            finding(
                .tokensNotSupported, .warning, node: publisher.name,
                localized(
                    "A hardware token signed the CTL file, and from 14 SU3 on Cisco CTL Provider no longer supports tokens. Whether CUCM leaves such a file as it is has been seen nowhere yet."
                ),
                next: [
                    localized(
                        "Keep a copy, and compare after each restart and upgrade: etoken-bridge ctl fetch --cluster \(word: cluster) --output CTLFile.tlv"
                    ),
                    localized("Or let the cluster sign: etoken-bridge migrate to-tokenless --cluster \(word: cluster)"),
                ])
        ]
    }

    /// Keys that cannot sign a trust list.
    func unusableKeys() -> [StatusFinding] {
        nodes.flatMap { node in
            ["CallManager", "ITLRecovery"].compactMap { unit -> StatusFinding? in
                guard let own = own(unit, of: node), let bits = own.keyBits,
                    own.isRSA == false || ModulusSize(bits: bits) == nil
                else { return nil }
                return finding(
                    .keyUnusable, .warning, node: node.name,
                    localized(
                        "The \(unit) certificate of \(node.name) has a key of \(bits) bits that cannot sign a trust list: RSA of 512, 1024, 2048 or 4096 bits can."
                    ),
                    next: localized(
                        "Regenerate it with another key length in OS Administration (Security > Certificate Management)."
                    )
                )
            }
        }
    }

    /// Upgrades to some releases do not carry expired trust certificates over: a token's would be missing then.
    func expiredTrust() -> [StatusFinding] {
        (trusted ?? []).filter { $0.notAfter.seconds < taken.seconds }.map { entry in
            finding(
                .trustExpired, .warning, node: publisher?.name,
                localized(
                    "\(entry.name) in \(entry.store) expired on \(entry.notAfter.day). Upgrades to 12.5(1)SU6, 14SU2 and later drop expired trust certificates."
                ),
                next: localized(
                    "If nothing needs it, delete it before an upgrade; else upload a certificate that is valid: etoken-bridge trust list --cluster \(word: cluster)"
                ))
        }
    }
}
