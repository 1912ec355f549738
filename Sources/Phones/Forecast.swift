import Messages
import TrustList

/// What each phone of a cluster will do with a new CTL file.
public struct Forecast: Sendable {
    public struct Entry: Sendable {
        public let phone: Phone
        /// What it holds now.
        public let holding: HeldFile
        public let verdict: Verdict
    }

    public let entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// Applies the acceptance model to every phone.
    ///
    /// - Parameters:
    ///   - signer: who signs the file that is offered.
    ///   - present: the CTL file that the cluster serves; nil for none.
    ///   - itls: the ITL files, by the node that serves them. A phone holds that of its TFTP server, which is not known.
    ///   - nodes: the order of the nodes: the publisher first.
    public init(
        of phones: [SurveyedPhone], signer: CandidateSigner, present: TrustListFile?, itls: [String: TrustListFile],
        nodes: [String], tvs: TVSReplies
    ) {
        /// Phones that are alike in these get the same verdict; clusters have thousands of each.
        struct Kind: Hashable {
            let model: String
            let holding: HeldFile
            /// A page that answers for a phone that is not registered is compared with something else.
            let isRegistered: Bool
            /// What phones share, and with it the TVS servers that they ask.
            let place: ObjectIdentifier?

            /// These tell most kinds apart, also if phones' pages showed a different checksum each.
            func hash(into hasher: inout Hasher) {
                hasher.combine(model)
                hasher.combine(place)
                hasher.combine(holding.checksum)
            }
        }
        var known: [Kind: Verdict] = [:]
        let serving = nodes.filter { itls[$0] != nil } + itls.keys.filter { !nodes.contains($0) }.sorted()
        let served = serving.compactMap { itls[$0].map { ServedITL($0, present: present) } }
        entries = phones.map { entry in
            let kind = Kind(
                model: entry.phone.model.name, holding: entry.holding,
                isRegistered: entry.phone.isRegistered != false, place: entry.phone.place.map(ObjectIdentifier.init))
            let verdict =
                known[kind]
                ?? Self.decide(entry, signer, served.isEmpty ? [nil] : served, tvs.answers(for: entry.phone))
            known[kind] = verdict
            return Entry(phone: entry.phone, holding: entry.holding, verdict: verdict)
        }
    }

    /// The verdict on which all ITL files that a phone may hold agree: its TFTP server is that of its site, and no list of
    /// phones says which one that is. Source: docs/phone-acceptance.md, "The ITL file".
    private static func decide(
        _ entry: SurveyedPhone, _ signer: CandidateSigner, _ itls: [ServedITL?], _ answers: [TVSStatement]
    ) -> Verdict {
        let verdicts = itls.map { decide(entry, signer, $0, answers) }
        let usual = verdicts[0]
        let worst = verdicts.reduce(usual) { $1.outcome.severity > $0.outcome.severity ? $1 : $0 }
        guard worst.outcome == .refused, verdicts.contains(where: { $0.outcome != .refused }) else { return worst }
        return Verdict(
            .unknown, .itlDiffers,
            localized("it depends on which TFTP server's ITL file it holds: with one of them, \(worst.reason)"))
    }

    /// The worse of two verdicts: that for what the phone's web page says, and that for what the phone would be assumed
    /// to hold if its page had not answered. Without a page there is only the latter.
    private static func decide(
        _ entry: SurveyedPhone, _ signer: CandidateSigner, _ itl: ServedITL?, _ answers: [TVSStatement]
    ) -> Verdict {
        let shown = decide(entry.held, entry.phone.model, signer, itl, answers)
        guard let held = entry.heldWithoutPage else { return shown }
        let assumed = decide(held, entry.phone.model, signer, itl, answers)
        guard assumed.outcome.severity > shown.outcome.severity else { return shown }
        return Verdict(
            assumed.outcome, assumed.rule,
            localized("unless it holds what its web page says, which cannot be checked: \(assumed.reason)"))
    }

    /// If the ITL file that is served is newer than what the phone may hold, both count.
    private static func decide(
        _ held: HeldTrustList, _ model: PhoneModel, _ signer: CandidateSigner, _ itl: ServedITL?,
        _ answers: [TVSStatement]
    ) -> Verdict {
        func verdict(_ list: TrustListFile?) -> Verdict {
            Acceptance.decide(signer: signer, held: held, itl: list, model: model, tvs: answers)
        }
        let now = verdict(itl?.list)
        guard let former = itl?.former, verdict(former).outcome != now.outcome else { return now }
        return Verdict(
            .unknown, .itlNewer,
            localized(
                "certificates in its ITL file were regenerated after the CTL file was created, and it depends on whether the phone has restarted since"
            )
        )
    }

    /// The phones that will not, or may not, accept the file: someone must visit them.
    public var stranded: [Entry] { entries.filter { $0.verdict.outcome != .accepted } }

    /// Phones that are alike and behave the same.
    public struct Group: Sendable {
        public let model: String
        /// Device pool, if known.
        public let pool: String?
        public let holding: HeldFile
        public let verdict: Verdict
        public let phones: [Phone]

        /// What they hold now, as a short text for tables.
        public var before: LocalizableText { holding.text }
    }

    /// The phones in groups, by model, pool and outcome.
    public var groups: [Group] {
        struct Key: Hashable {
            let model, pool: String
            let reason: LocalizableText
            let holding: HeldFile
            let outcome: Verdict.Outcome

            /// These tell most groups apart, also if phones' pages showed a different checksum each.
            func hash(into hasher: inout Hasher) {
                hasher.combine(model)
                hasher.combine(pool)
                hasher.combine(holding.checksum)
            }
        }
        var places: [Key: Int] = [:]
        var members: [(first: Entry, phones: [Phone])] = []
        for entry in entries {
            let key = Key(
                model: entry.phone.model.name, pool: entry.phone.place?.devicePool ?? "",
                reason: entry.verdict.reason, holding: entry.holding, outcome: entry.verdict.outcome)
            if let place = places[key] {
                members[place].phones.append(entry.phone)
            } else {
                places[key] = members.count
                members.append((entry, [entry.phone]))
            }
        }
        return members.map { first, phones in
            Group(
                model: first.phone.model.name, pool: first.phone.place?.devicePool, holding: first.holding,
                verdict: first.verdict, phones: phones.sorted { $0.name < $1.name })
        }.sorted {
            ($0.model, $0.pool ?? "", $0.verdict.outcome.rawValue, $0.verdict.reason.localized, $0.before.localized)
                < (
                    $1.model, $1.pool ?? "", $1.verdict.outcome.rawValue, $1.verdict.reason.localized,
                    $1.before.localized
                )
        }
    }
}

extension Verdict.Outcome {
    /// Which of two outcomes is worse: refused, then unknown. Both strand a phone.
    fileprivate var severity: Int {
        switch self {
        case .accepted: 0
        case .unknown: 1
        case .refused: 2
        }
    }
}
