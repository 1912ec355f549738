import Basics
import Messages
import Migration
import Phones
import TrustList
import X509

/// What phones forecast prints.
struct ForecastReport: Encodable {
    struct File: Encodable {
        let path, sha1, signer: String
        let length: Int

        init(path: String, list: TrustListFile) {
            let bytes = list.encoded()
            (self.path, length, sha1) = (path, bytes.count, Digest.sha1(bytes).hex)
            signer = list.header.signerName
        }
    }
    struct Counts: Encodable { let phones, accepted, refused, unknown: Int }

    let cluster: String
    /// Nil for a file that does not exist yet.
    let file: File?
    /// Who signed it, or would.
    let signer: String
    let counts: Counts
    /// How many phones' web pages were asked what they hold, and how many answered.
    let asked, answered: Int
    let tvs: [JournalRecord.TVSAnswer]
    let groups: [StoredForecast.Group]

    init(
        cluster: String, file: File?, signer: CandidateSigner, forecast: StoredForecast, asked: Int, answered: Int,
        replies: [TVSReply]
    ) {
        (self.cluster, self.file, self.signer) = (cluster, file, signer.name)
        counts = Counts(
            phones: forecast.count, accepted: forecast.count(.accepted), refused: forecast.count(.refused),
            unknown: forecast.count(.unknown))
        (self.asked, self.answered) = (asked, answered)
        tvs = replies.map { JournalRecord.TVSAnswer($0, for: signer) }
        groups = forecast.groups
    }

    func text(listing: Bool) -> String {
        let what =
            file.map { file in
                localized(
                    """
                    Cluster \(cluster): \(counts.phones) phones and \(file.path) (\(file.length) bytes, SHA-1 \(file.sha1))
                    signed by \(signer)
                    """)
            }
            ?? localized(
                """
                Cluster \(cluster): \(counts.phones) phones and a new file
                signed by \(signer)
                """)
        var parts = [
            localized(
                """
                \(what)
                \(counts.accepted) accept it, \(counts.refused) refuse it, \(counts.unknown) unknown.
                """
            ).localized
        ]
        parts.append(tvs.map { localized("TVS on \($0.server): \($0.answer).") }.joined(separator: "\n").localized)
        var table = Table(
            localized("MODEL"), localized("DEVICE POOL"), localized("PHONES"), localized("FORECAST"), localized("HOLDS")
        )
        var reasons: [LocalizableText] = []
        // Those that need a visit come first, then the large ones; the same order in both tables.
        let groups = groups.enumerated().sorted {
            ($0.element.outcome == .accepted ? 1 : 0, -$0.element.phones.count, $0.offset)
                < ($1.element.outcome == .accepted ? 1 : 0, -$1.element.phones.count, $1.offset)
        }.map(\.element)
        for group in groups {
            let number = reasons.firstIndex(of: group.reason) ?? reasons.count
            if number == reasons.count { reasons.append(group.reason) }
            table.add(
                group.model, group.pool ?? "-", "\(group.phones.count)", "\(group.outcome.text) (\(number + 1))",
                group.before)
        }
        parts.append(table.text)
        parts.append(reasons.enumerated().map { "(\($0.offset + 1)) \($0.element)" }.joined(separator: "\n"))
        if listing {
            var list = Table(localized("PHONE"), localized("MODEL"), localized("FORECAST"), localized("WHY"))
            for group in groups {
                for phone in group.phones { list.add(phone, group.model, group.outcome.text, group.reason) }
            }
            parts.append(list.text)
        }
        parts.append(
            (asked == 0
                ? localized("No phone was asked what it holds; --ask-phones N asks some.")
                : answered == counts.phones
                    ? localized("All \(answered) phones reported what they hold.")
                    : localized(
                        "\(answered) of \(asked) phones that were asked reported what they hold; for the others it is assumed."
                    )).localized)
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// A line for each phone.
    var csv: String {
        let lines = groups.flatMap { group in
            group.phones.map { phone in
                CSV.line(
                    [
                        phone, group.model, group.pool ?? "", group.before.localized,
                        group.outcome.rawValue,
                        group.rule.rawValue, group.reason.localized,
                    ])
            }
        }
        return (["name,model,pool,holds,outcome,rule,reason"] + lines).joined(separator: "\n") + "\n"
    }
}
