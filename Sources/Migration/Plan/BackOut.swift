import Messages
import Phones
import TrustList

/// What going back costs: for each point of a change from which that is possible, what phones would do with the previous
/// file, given what each of them would hold by then.
///
/// Source: docs/operator-guide.md, "The way back has a price".
public struct BackOut: Codable, Sendable, Equatable {
    public enum Point: String, Codable, Sendable {
        /// No phone can see anything yet.
        case start
        /// The new file is on the nodes, and phones that have not restarted hold what they held.
        case deployed
        /// Phones have restarted, and those that accept the new file hold it.
        case restarted
    }

    public struct Price: Codable, Sendable, Equatable {
        public let from: Point
        /// The step, from 1, after which this applies; nil for the start, and if the plan restarts no phone.
        public let step: Int?
        public let accepted, refused, unknown: Int
    }

    /// One for each point, in order.
    public let prices: [Price]

    /// Once phones have restarted.
    public var last: Price? { prices.last }

    /// As sentences; empty if there are no prices.
    public var text: LocalizableText { sentences.map { localized("Back-out: \($0)") } ?? .verbatim("") }

    /// The same without its heading, for a table that has one.
    var sentences: LocalizableText? {
        guard let last, let deployed = prices.first(where: { $0.from == .deployed })?.step else { return nil }
        let before =
            last.step.map {
                localized(
                    "until step \(deployed) free; then, until step \($0), free for phones that have not restarted by themselves."
                )
            }
            ?? localized("until step \(deployed) free; then free for phones that have not restarted.")
        let accept = localized(
            last.accepted, one: "1 accepts the previous file", other: "\(last.accepted) accept the previous file")
        let visit = localized(last.refused, one: "1 needs a visit", other: "\(last.refused) need a visit")
        return localized(
            "\(before) After the phones restarted: \(accept), \(visit), \(last.unknown) unknown.")
    }
}

extension Change {
    /// What turning round costs, by the forecast that there is now; nil if there was no file that could come back. TVS is
    /// asked about the previous file's signer.
    func priceOfBackOut() throws -> BackOut? {
        guard let present = survey.present, let signer = formerSigner else { return nil }
        let tvs = TVSReplies(repliesOnceBack(signer))
        func price(_ point: BackOut.Point, _ step: Int?, _ phones: [SurveyedPhone]) -> BackOut.Price {
            let forecast = Forecast(
                of: phones, signer: signer, present: present, itls: survey.itlLists, nodes: survey.world.nodes,
                tvs: tvs)
            func count(_ outcome: Verdict.Outcome) -> Int {
                forecast.entries.count { $0.verdict.outcome == outcome }
            }
            return BackOut.Price(
                from: point, step: step, accepted: count(.accepted), refused: count(.refused), unknown: count(.unknown))
        }
        let new = try expectedFile(present)
        let after = zip(survey.phones, forecast.entries).map { $0.offered(new, verdict: $1.verdict) }
        func number(_ isWanted: (PlannedStep) -> Bool) -> Int? { plan.steps.lastIndex(where: isWanted).map { $0 + 1 } }
        return BackOut(prices: [
            price(.start, nil, survey.phones), price(.deployed, number(\.commits), survey.phones),
            price(.restarted, number { $0.id == .restartPhones }, after),
        ])
    }

    /// The new file, or what is known of its records before there is one.
    private func expectedFile(_ present: TrustListFile) throws -> TrustListFile {
        if let new = try newFile() { return try TrustListFile(decoding: new) }
        if let new = NewRecords(plan, certificates, survey, of: cluster) {
            return present.with(records: try new.records(from: new.base == .nothing ? nil : present))
        }
        // What the cluster writes itself: its own signers, and its servers.
        let signers = (survey.itl?.records ?? []).filter { $0.role == .sast }
        return present.with(records: signers + present.records.filter { $0.role != .sast })
    }
}
