import Basics
import Cluster
import Messages
import Phones
import TrustList
import X509

/// A token that leaves the file.
public struct DroppedToken: Codable, Sendable, Equatable {
    public let name: String
    public let serialNumber, sha1: String?
    /// How many phones hold a file that names it, as far as that is known or assumed: of those that the change has told to
    /// restart, the ones that did not follow, or did not come back.
    public let phones: Int
    /// For how many phones it is not known what they hold.
    public let unknownPhones: Int
    /// What it can still do: some sentences.
    public let text: LocalizableText

    /// Those of a change.
    ///
    /// - Parameter before: the file from before the change.
    static func all(
        _ plan: ChangePlan, _ before: [UInt8]?, _ known: JournalState, _ forecast: StoredForecast,
        _ backups: StateFolder
    ) throws -> [DroppedToken] {
        var leavesStore: [String] = []
        for case .removeCertificates(let certificates, _) in plan.steps { leavesStore = certificates }
        guard plan.signer != nil || !leavesStore.isEmpty, let before else { return [] }
        let records = try TrustListFile(decoding: before).records.filter(plan.settings.drops)
        return records.map { record in
            let isTrusted = record.x509.map { token in
                !TrustedCertificate.fingerprints(of: token).isDisjoint(with: plan.world.trusted)
            }
            return DroppedToken(
                record, isTrusted: isTrusted ?? false,
                leavesStore: record.x509.map { leavesStore.contains($0.sha1.hex) } ?? false,
                phones: phones(naming: record, known, forecast, backups), of: plan.cluster)
        }
    }

    /// - Parameters:
    ///   - isTrusted: whether Phone-SAST-trust contains its certificate, so that TVS vouches for it.
    ///   - leavesStore: whether the change removes it from there.
    private init(
        _ record: Record, isTrusted: Bool, leavesStore: Bool, phones: (naming: Int, unknown: Int), of cluster: String
    ) {
        let foreign = ForeignRecord(record)
        (name, serialNumber, sha1) = (foreign.name, foreign.serialNumber, foreign.sha1)
        (self.phones, unknownPhones) = phones
        let number = foreign.serialNumber.map { " " + Shell.option("--serial", $0) } ?? ""
        let naming = localized(
            phones.naming, one: "1 phone holds a file that names it",
            other: "\(phones.naming) phones hold a file that names it")
        let held =
            phones.unknown == 0
            ? localized("\(naming).")
            : localized("\(naming); of \(phones.unknown) more it is not known what they hold.")
        let signs = localized(
            "Leaves the file: \(foreign.text). Until a phone has the new file, it still accepts files that this token signs: anyone who finds it and knows its PIN could sign one. \(held)"
        )
        text =
            leavesStore
            ? localized(
                "\(signs) A phone that does not follow accepts them until someone deletes its trust list. TVS stops vouching for the token, because the change takes its certificate out of \(TrustStores.phoneSAST); phones keep what TVS said for up to 24 hours."
            )
            : isTrusted
                ? localized(
                    "\(signs) TVS vouches for it, too, as long as \(TrustStores.phoneSAST) contains its certificate; once the phones have the new file, remove it: etoken-bridge trust remove --cluster \(word: cluster)\(number)"
                ) : signs
    }

    /// How many phones hold a file that names a token, and of how many that is not known.
    private static func phones(
        naming record: Record, _ known: JournalState, _ forecast: StoredForecast, _ backups: StateFolder
    ) -> (naming: Int, unknown: Int) {
        var seen: [String: HeldFile.Code] = [:]
        for group in known.phones { for phone in group.phones { seen[phone] = group.result } }
        // One that was not registered when it was told, or is not since, has it only once it comes back.
        let (registered, gone) = (Set(known.registered.flatMap(\.phones)), Set(known.registeredAfter?.missing ?? []))
        func wasThere(_ phone: String) -> Bool {
            (registered.isEmpty || registered.contains(phone)) && !gone.contains(phone)
        }
        let isBack = known.outcome == .rolledBack || known.outcome == .rollingBack
        var (naming, unknown) = (0, 0)
        for group in forecast.groups {
            let isNamed = names(record, group, backups)
            for phone in group.phones {
                switch seen[phone] ?? .notKnown {
                // A page can only make it worse: anyone can answer in a phone's place.
                case .oldFile: naming += 1
                case .newFile where !isBack && group.outcome == .accepted: break
                case .notKnown
                where !isBack && group.outcome == .accepted && known.isTold(phone: phone) && wasThere(phone):
                    break
                default:
                    if isNamed == true { naming += 1 }
                    if isNamed == nil { unknown += 1 }
                }
            }
        }
        return (naming, unknown)
    }

    /// Whether what these phones held before names a token; nil if that is not known.
    private static func names(_ record: Record, _ group: StoredForecast.Group, _ backups: StateFolder) -> Bool? {
        switch group.holds {
        case .presentFile, .oldFile: true
        case .newFile, .noFile: false
        case .otherFile, .notKnown: nil
        case .olderFile:
            group.heldChecksum.flatMap(backups.backup(withChecksum:)).flatMap { try? TrustListFile(decoding: $0) }.map {
                $0.records.contains { $0.role == .sast && $0.certificate == record.certificate }
            }
        }
    }
}
