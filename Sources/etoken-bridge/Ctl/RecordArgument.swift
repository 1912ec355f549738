import ArgumentParser
import Messages
import TrustList
import X509

/// A record as the user describes it: `ROLE:CERTIFICATE[@HOST[/ADDRESS]]`.
struct RecordArgument: ExpressibleByArgument {
    static let help: ArgumentHelp = .localized(
        """
        A record: ROLE:CERTIFICATE[@HOST[/ADDRESS]], for example ccm+tftp:pub.pem@cucm-pub/10.48.47.153; without @HOST \
        it is a token's. Roles: \(names.keys.sorted().joined(separator: ", ")), or a number. May be repeated.
        """, valueName: "record"
    )

    static let names: [String: Role] = [
        "sast": .sast, "ccm": .ccm, "ccm+tftp": .ccmTFTP, "tftp": .tftp, "capf": .capf, "app-server": .appServer,
        "tvs": .tvs,
        // What the CTL Client calls a firewall has the role CCM.
        "firewall": .ccm,
    ]

    let role: Role
    let certificate: String
    let host: String?
    let address: [UInt8]

    init?(argument: String) {
        guard let colon = argument.firstIndex(of: ":") else { return nil }
        let roleName = argument[..<colon].lowercased()
        guard let role = Self.names[roleName] ?? UInt16(roleName).map(Role.init) else { return nil }
        self.role = role
        let rest = argument[argument.index(after: colon)...]
        let parts = rest.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard !parts[0].isEmpty else { return nil }
        certificate = parts[0]
        guard parts.count == 2 else {
            host = nil
            address = [0, 0, 0, 0]
            return
        }
        let names = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard !names[0].isEmpty else { return nil }
        host = names[0]
        guard let bytes = Self.address(names[names.count - 1]) else {
            guard names.count == 1 else { return nil }
            address = [0, 0, 0, 0]
            return
        }
        address = bytes
    }

    private static func address(_ text: String) -> [UInt8]? {
        let bytes = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return bytes.count == 4 ? bytes.compactMap(\.self).count == 4 ? bytes.compactMap(\.self) : nil : nil
    }

    /// The record. If an available list has one for the same certificate and role, that is reused byte for byte.
    func record(profile: Profile, reusing known: [Record]) throws -> Record {
        let certificate = try readCertificate(self.certificate)
        if let match = known.first(where: { $0.role == role && $0.certificate == certificate.der }) { return match }
        guard let host else {
            guard role == .sast else {
                throw Failure(
                    Status.usage, localized("The record \(role.text) with \(self.certificate) has no host."),
                    next: localized("Write it like ccm+tftp:\(self.certificate)@cucm-pub/10.48.47.153."))
            }
            return try .token(certificate)
        }
        let record = try Record(
            certificate: certificate, role: role, dnsName: host, ipAddress: address, names: .cucm,
            withCertificateSignature: profile == .tokenless)
        return profile == .tokenless ? record : try record.inCTLClientProfile()
    }
}

/// Which fields a record gets; see docs/trust-list-format.md.
enum Profile: String, ExpressibleByArgument, CaseIterable {
    case ctlClient = "ctl-client"
    case tokenless
}
