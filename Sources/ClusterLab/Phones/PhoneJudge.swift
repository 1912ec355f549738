import TrustList
import X509

/// How a phone decides whether to accept a trust list.
///
/// Source: docs/phone-acceptance.md. This is written from that text alone, as a second opinion next to the product's
/// forecast.
struct PhoneJudge {
    enum Verdict: Hashable, Sendable {
        case accepted(rule: Int, reason: String)
        case refused(reason: String)
    }

    enum TVSAnswer: Sendable {
        /// The service vouches for the certificate, for these roles.
        case valid(certificate: [UInt8], roles: [UInt8])
        case unknown
        case unreachable(String)
    }

    let model: PhoneModel
    let heldCTL: TrustListFile?
    let heldITL: TrustListFile?
    /// The addresses of the nodes of its CallManager group, by priority: the TVS servers in its configuration. Nil if
    /// there are none, and the ITL file's order counts.
    var serverOrder: [[UInt8]]?
    /// Asks the server of a TVS record of the ITL for the certificate of a trust list's signer.
    let askTVS: (_ server: Record, _ signedFile: Header) -> TVSAnswer

    /// Roles that may sign a CTL file.
    private static let ctlSigners: Set<Role> = [.sast]
    /// Roles that may sign an ITL file: each TFTP node signs its own, with its CallManager key.
    private static let itlSigners: Set<Role> = [.sast, .ccmTFTP, .tftp]

    func judgeCTL(_ bytes: [UInt8]) -> Verdict {
        judge(bytes, lists: model.hasSecurityByDefault ? [heldCTL, heldITL] : [heldCTL], roles: Self.ctlSigners)
    }

    /// Only for models with Security by Default.
    func judgeITL(_ bytes: [UInt8]) -> Verdict {
        judge(bytes, lists: [heldCTL, heldITL], roles: Self.itlSigners)
    }

    private func judge(_ bytes: [UInt8], lists: [TrustListFile?], roles: Set<Role>) -> Verdict {
        let file: TrustListFile
        do { file = try TrustListFile(decoding: bytes) } catch {
            return .refused(reason: "the file is damaged: \(error)")
        }
        let header = file.header
        if lists.allSatisfy({ $0 == nil }) {
            // Nothing vouches for the first file of a phone that has neither list, but it must at least be complete: signed
            // with a key that it contains.
            guard let own = file.signerRecord?.certificate else {
                return .refused(reason: "the file does not hold the certificate that signed it")
            }
            return verdict(file, own, rule: 1, reason: "there was none: trust on first use")
        }
        for (index, list) in lists.enumerated() {
            guard
                let record = list?.records.first(where: { record in
                    record.names(issuer: header.caName, serialNumber: header.serialNumber)
                        && record.role.map(roles.contains) == true && record.certificate != nil
                }), let certificate = record.certificate
            else { continue }
            return verdict(
                file, certificate, rule: index == 0 ? 2 : 3,
                reason: index == 0 ? "the signer is in the CTL file held" : "the signer is in the ITL file held")
        }
        guard model.hasSecurityByDefault else {
            return .refused(
                reason: "the signer is not in the CTL file held, and a \(model.rawValue) does not ask TVS")
        }
        return askServers(file, roles)
    }

    private func askServers(_ file: TrustListFile, _ roles: Set<Role>) -> Verdict {
        let listed = heldITL?.records.filter { $0.role == .tvs && $0.certificate != nil } ?? []
        guard !listed.isEmpty else {
            return .refused(
                reason: heldITL == nil
                    ? "the signer is not in the CTL file held, and without an ITL file no TVS server is known"
                    : "the signer is unknown, and the ITL file lists no TVS server")
        }
        let servers =
            serverOrder.map { order in
                order.compactMap { address in listed.first { $0.ipAddress == address } }
            } ?? listed
        guard !servers.isEmpty else {
            return .refused(reason: "the signer is unknown, and no TVS server of its group is in the ITL file")
        }
        var troubles: [String] = []
        for server in servers {
            switch askTVS(server, file.header) {
            case .unreachable(let why): troubles.append(why)
            case .unknown: return .refused(reason: "the signer is unknown, and TVS does not know it either")
            case .valid(let certificate, let granted):
                guard granted.contains(where: { roles.contains(Role(rawValue: UInt16($0))) }) else {
                    return .refused(reason: "TVS knows the signer, but not as one that may sign this file")
                }
                return verdict(file, certificate, rule: 3, reason: "TVS vouches for the signer")
            }
        }
        return .refused(reason: "the signer is unknown, and no TVS server answers: \(troubles.joined(separator: "; "))")
    }

    /// The last step, always: the signature is verified with the certificate that was found.
    private func verdict(_ file: TrustListFile, _ der: [UInt8], rule: Int, reason: String) -> Verdict {
        guard let certificate = try? Certificate(der: der), (try? file.isSigned(by: certificate)) == true else {
            return .refused(reason: "the signature is wrong")
        }
        return .accepted(rule: rule, reason: reason)
    }
}
