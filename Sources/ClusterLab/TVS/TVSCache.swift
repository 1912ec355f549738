import Basics
import Synchronization
import TrustList
import X509

/// The certificates that the Trust Verification Service vouches for: the trust store's, and those of the CTL file that
/// is on its node now. It looks one up by serial number and issuer, the issuer spelled as in trust lists.
final class TVSCache: Sendable {
    struct Entry: Sendable {
        var certificate: [UInt8]
        var roles: [UInt8]
    }

    /// How long a phone may rely on a response, in seconds.
    static let timeToLive: UInt32 = 86400

    private struct State {
        var storeGeneration: Int?
        /// Of the file that was read last, and of one that it has not noticed yet.
        var fileStamp: FileStamp?
        var changed: FileStamp?
        var noticedAt = Deadline.never
        var store: [String: Entry] = [:]
        var file: [String: Entry] = [:]
    }

    private let trustStore: TrustStore
    private let files: TFTPFolder
    private let state = Mutex(State())

    /// That of the node's own web pages: TVS vouches for HTTPS servers, too (Cisco technote 116232). *Unconfirmed*:
    /// with the role APP-SERVER.
    private let webServer: Certificate?

    /// Whether it keeps what was removed until its service restarts.
    private let keeps: Bool

    /// How old a changed CTL file has to be before the change is noticed, in seconds.
    private let delay: Double

    init(
        trustStore: TrustStore, files: TFTPFolder, webServer: Certificate?, keeps: Bool = false, readsLate: Bool = false
    ) {
        self.keeps = keeps
        delay = readsLate ? 4 : 0
        self.trustStore = trustStore
        self.files = files
        self.webServer = webServer
    }

    /// The service has restarted.
    func forget() { state.withLock { $0 = State() } }

    func entry(issuer: String, serialNumber: [UInt8]) -> Entry? {
        let (inStore, inCTL) = entries(issuer: issuer, serialNumber: serialNumber)
        return inStore ?? inCTL
    }

    /// The same by location: the trust store comes first.
    func entries(issuer: String, serialNumber: [UInt8]) -> (inStore: Entry?, inCTL: Entry?) {
        let key = Self.key(serialNumber, issuer)
        return state.withLock { state in
            refresh(&state)
            return (state.store[key], state.file[key])
        }
    }

    func entry(certificate: [UInt8]) -> Entry? {
        state.withLock { state in
            refresh(&state)
            return state.store.values.first { $0.certificate == certificate }
                ?? state.file.values.first { $0.certificate == certificate }
        }
    }

    private func refresh(_ state: inout State) {
        let generation = trustStore.generation
        if state.storeGeneration != generation {
            state.storeGeneration = generation
            if !keeps { state.store = [:] }
            if let webServer {
                for style in [NameStyle.cucm, .token] {
                    state.store[Self.key(webServer.serialNumber, webServer.issuer.rendered(style))] = Entry(
                        certificate: webServer.der, roles: [UInt8(Role.appServer.rawValue)])
                }
            }
            for entry in trustStore.entries(of: "Phone-SAST-trust") {
                let certificate = entry.certificate
                for style in [NameStyle.cucm, .token] {
                    let key = Self.key(certificate.serialNumber, certificate.issuer.rendered(style))
                    state.store[key] = Entry(certificate: certificate.der, roles: [UInt8(Role.sast.rawValue)])
                }
            }
        }
        let stamp = Files.stamp(files.path + "/CTLFile.tlv")
        if state.changed != stamp { (state.changed, state.noticedAt) = (stamp, Deadline(seconds: delay)) }
        if state.fileStamp != stamp, state.fileStamp == nil || state.noticedAt.hasPassed {
            state.fileStamp = stamp
            if !keeps { state.file = [:] }
            guard let bytes = files.read("CTLFile.tlv"), let list = try? TrustListFile(decoding: bytes) else {
                Log.note("TVS: there is no readable CTLFile.tlv; its certificates are no longer in the cache")
                return
            }
            for record in list.records { add(record, to: &state.file) }
            Log.note("TVS: CTLFile.tlv has been modified; \(state.file.count) certificates in the cache")
        }
    }

    private func add(_ record: Record, to cache: inout [String: Entry]) {
        guard let issuer = record.issuerName, let serial = record.serialNumber, let certificate = record.certificate,
            let role = record.role, let number = UInt8(exactly: role.rawValue)
        else { return }
        let key = Self.key(serial, issuer)
        var entry = cache[key] ?? Entry(certificate: certificate, roles: [])
        guard entry.certificate == certificate, !entry.roles.contains(number) else { return }
        entry.roles.append(number)
        cache[key] = entry
    }

    private static func key(_ serialNumber: [UInt8], _ issuer: String) -> String {
        serialNumber.drop { $0 == 0 }.hex.uppercased() + issuer
    }
}
