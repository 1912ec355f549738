import Messages
import TrustList

/// What a log says about trust lists: which rules of the acceptance model applied.
public struct LogExplanation: Sendable, Hashable {
    /// A line of the log that a conclusion rests on.
    public struct Quote: Encodable, Sendable, Hashable {
        /// From 1.
        public let line: Int
        public let text: String
        /// What it means.
        public let meaning: LocalizableText
    }

    /// What happened to one file, or to one query to TVS.
    public struct Conclusion: Encodable, Sendable, Hashable {
        /// As written in the log; of the first line.
        public let time: String
        /// The rules of docs/phone-acceptance.md that may have applied: usually one. Empty if the log does not say
        /// enough.
        public let rules: [Verdict.Rule]
        public let outcome: Verdict.Outcome
        /// One sentence.
        public let text: LocalizableText
        /// The file that was requested, or the certificate, if the log names it.
        public let subject: String?
        public let quotes: [Quote]
    }

    public let conclusions: [Conclusion]
    /// How many entries were read, and how many of them contain something that matters here.
    public let entries: Int
    public let events: Int

    /// Reads a log: a phone's, a trace of TVS, or both in one file.
    public init(_ text: String) {
        let all = LogEntry.read(text)
        entries = all.count
        let known = all.compactMap { entry in LogEvent(entry).map { (entry: entry, event: $0) } }
        events = known.count
        var phone = PhoneStory()
        var trace = TraceStory()
        for item in known {
            switch item.entry.source {
            case .phone, .status: phone.take(item.entry, item.event)
            case .tvs: trace.take(item.entry, item.event)
            }
        }
        phone.finish()
        trace.end()
        conclusions = (phone.conclusions + trace.conclusions).sorted {
            ($0.quotes.first?.line ?? 0) < ($1.quotes.first?.line ?? 0)
        }
    }
}

/// What a phone's log says, from one request for a trust list to the next.
private struct PhoneStory {
    typealias Quote = LogExplanation.Quote

    var conclusions: [LogExplanation.Conclusion] = []
    private var quotes: [Quote] = []
    private var time = ""
    private var file: String?
    private var isEmpty = false
    private var asked = false
    private var trusts = false
    private var result: Result?
    /// Only the phone's list of status messages: it says nothing about queries to TVS.
    private var isStatus = true

    private enum Result: Equatable {
        case verified, updated
        case installed(ctl: Bool, itl: Bool)
        /// For sure, or possibly only not fetched.
        case refused, failed
        case erased, notFound
    }

    private static let emptiness: LocalizableText = localized("the phone holds no trust list")

    mutating func take(_ entry: LogEntry, _ event: LogEvent) {
        switch event {
        case .request(let name):
            // It first asks for its own file and then for the common one: that is one story.
            if let file, file.prefix(3) == name.prefix(3), result == nil, !asked {
                self.file = name
            } else {
                end()
                file = name
            }
            note(entry, localized("the phone asks for \(name)"))
        case .noTrustList:
            if result != nil { end() }
            isEmpty = true
            note(entry, Self.emptiness)
        case .asksTVS:
            if result != nil || trusts { end() }
            asked = true
            note(entry, localized("the phone does not know the signer, and asks a TVS server for it"))
        case .tvsTrusts:
            if result != nil { end() }
            trusts = true
            note(entry, localized("the TVS server has answered, and the phone trusts the certificate now"))
        case .verified:
            take(.verified, entry, localized("the phone has checked the new file, and its signature is right"))
        case .updated:
            // Newer phones say first that they have checked it.
            if result == .verified { result = nil }
            take(.updated, entry, localized("the phone has accepted the new file"))
        case .installed(let ctl, let itl):
            take(
                .installed(ctl: ctl, itl: itl), entry,
                localized("the phone had no such file, and has accepted the first one"))
        case .updateFailed:
            take(.failed, entry, localized("the phone has refused the new file, or could not fetch it"))
        case .verificationFailed: take(.refused, entry, localized("the phone has refused the new file"))
        case .erased:
            take(.erased, entry, localized("the phone deletes its trust lists"))
            end()
            isEmpty = true
        case .fileNotFound(let name):
            let meaning = localized("the server has no \(name)")
            // Its own file comes first, and need not be there.
            guard !name.dropFirst(3).hasPrefix("SEP") else { return note(entry, meaning) }
            if let file, result == nil, file.prefix(3) != name.prefix(3) { end() }
            file = name
            take(.notFound, entry, meaning)
        default: break
        }
    }

    private mutating func take(_ new: Result, _ entry: LogEntry, _ meaning: LocalizableText) {
        if result != nil { end() }
        result = new
        note(entry, meaning)
    }

    /// The end of the log: what a phone says last may be that it holds nothing.
    mutating func finish() {
        end()
        guard isEmpty, let last = quotes.last else { return }
        conclusions.append(
            .init(
                time: time, rules: [], outcome: .unknown, text: localized("The phone holds no trust list."),
                subject: nil, quotes: [last]))
    }

    private mutating func note(_ entry: LogEntry, _ meaning: LocalizableText) {
        if quotes.isEmpty { time = entry.time }
        isStatus = isStatus && entry.source == .status
        quotes.append(Quote(line: entry.lines.lowerBound, text: entry.text, meaning: meaning))
    }

    mutating func end() {
        guard !quotes.isEmpty else { return }
        let (rules, outcome, text) = conclusion
        guard let text else {
            // That it holds nothing is the start of what follows.
            let kept = isEmpty ? quotes.filter { $0.meaning == Self.emptiness } : []
            let (wasEmpty, first) = (isEmpty, time)
            self = PhoneStory(conclusions: conclusions)
            (isEmpty, quotes, time) = (wasEmpty, kept, kept.isEmpty ? "" : first)
            return
        }
        defer { self = PhoneStory(conclusions: conclusions) }
        conclusions.append(
            .init(time: time, rules: rules, outcome: outcome, text: text, subject: file, quotes: quotes))
    }

    init(conclusions: [LogExplanation.Conclusion] = []) { self.conclusions = conclusions }

    private static let refusals: [Verdict.Rule] = [.noSecurityByDefault, .notVouched, .otherKey]

    private var conclusion: ([Verdict.Rule], Verdict.Outcome, LocalizableText?) {
        switch result {
        case .verified?, .updated?: return acceptance
        case .installed(let ctl, let itl)?:
            return (
                ctl && itl
                    ? [.firstUse] : ctl ? [.firstUse, .signerInITL, .vouchedByTVS] : [.firstUse, .signerInHeldCTL],
                .accepted,
                ctl && itl
                    ? localized("The phone held no trust list, and trusted the first one.")
                    : localized(
                        "The phone accepted the first file of this kind: on trust if it held no trust list at all; otherwise it verified it with its other trust list."
                    )
            )
        // A file about whose signer it asked has been fetched.
        case .refused? where asked || trusts, .failed? where asked || trusts:
            return (
                [.notVouched], .refused,
                localized(
                    "The phone asked a TVS server about the signer and refused the file: no server vouched for it.")
            )
        case .refused?:
            return (
                Self.refusals, .refused,
                isStatus
                    ? localized("The phone refused the file. Status messages do not show why.")
                    : localized(
                        "The phone refused the file without asking a TVS server: its model cannot, its ITL file names no server, or it knows the signer with a different key. The log does not show which."
                    )
            )
        case .failed?:
            return (
                Self.refusals, .unknown,
                localized(
                    "The phone refused the file, or could not fetch it: only \"verification failure\" would tell. Compare the checksum that it displays."
                )
            )
        case .erased?:
            return (
                [], .unknown,
                localized("The phone deleted its trust lists: it trusts the first ones that it is offered next.")
            )
        case .notFound?:
            return (
                [], .unknown, localized("The server has no such file: the phone keeps the one that it holds, if any.")
            )
        case nil where trusts:
            return (
                [.vouchedByTVS], .accepted, localized("A TVS server vouched for a signer that the phone did not know.")
            )
        case nil where asked:
            return (
                [], .unknown,
                localized(
                    "The phone asked a TVS server about a signer that it does not know; the log ends before the answer."
                )
            )
        case nil: return ([], .unknown, nil)
        }
    }

    private var acceptance: ([Verdict.Rule], Verdict.Outcome, LocalizableText?) {
        if trusts {
            return (
                [.vouchedByTVS], .accepted,
                localized("The phone accepted the file because a TVS server vouched for its signer.")
            )
        }
        if asked {
            return (
                [.vouchedByTVS], .accepted,
                localized(
                    "The phone asked a TVS server about the signer and accepted the file: the server vouched for it.")
            )
        }
        if isEmpty {
            return ([.firstUse], .accepted, localized("The phone held no trust list, and trusted the first one."))
        }
        if isStatus {
            return (
                [.signerInHeldCTL, .signerInITL, .vouchedByTVS], .accepted,
                localized("The phone accepted the file. Status messages do not show how it knew the signer.")
            )
        }
        return (
            [.signerInHeldCTL, .signerInITL], .accepted,
            localized(
                "The phone accepted the file without asking a TVS server: it knows the signer from its CTL file or its ITL file. The log does not show which."
            )
        )
    }
}

/// What a TVS trace says, query by query.
private struct TraceStory {
    typealias Quote = LogExplanation.Quote

    var conclusions: [LogExplanation.Conclusion] = []
    private var quotes: [Quote] = []
    private var time = ""
    private var subject: String?
    private var issuer: String?
    private var serialNumber: String?
    private var place: LocalizableText?
    private var isMissing = false
    private var roles: [Int] = []

    init(conclusions: [LogExplanation.Conclusion] = []) { self.conclusions = conclusions }

    mutating func take(_ entry: LogEntry, _ event: LogEvent) {
        switch event {
        case .query:
            end()
            note(entry, localized("a phone asks for a certificate"))
        case .subject(let text):
            if subject != nil { end() }
            subject = text
            note(entry, localized("the subject of the certificate that it asks for"))
        case .issuer(let text): issuer = text
        case .serialNumber(let text):
            serialNumber = text
            note(entry, localized("its serial number"))
        case .looksUp: break
        case .notFound(let inCTL):
            isMissing = true
            note(
                entry,
                localized(
                    inCTL
                        ? "it is not among the certificates of the CTL file"
                        : "it is not among the certificates of the trust stores"))
        case .found(let inCTL):
            place = inCTL ? localized("the CTL file on this node") : localized("a trust store")
            note(entry, localized(inCTL ? "it is in the CTL file on this node" : "it is in a trust store"))
        case .role(let number):
            guard place != nil else { return }
            roles.append(number)
            note(entry, localized("it is returned with the role \(Role(rawValue: UInt16(clamping: number)).name)"))
        default: break
        }
    }

    private mutating func note(_ entry: LogEntry, _ meaning: LocalizableText) {
        if quotes.isEmpty { time = entry.time }
        quotes.append(Quote(line: entry.lines.lowerBound, text: entry.text, meaning: meaning))
    }

    mutating func end() {
        defer { self = TraceStory(conclusions: conclusions) }
        guard subject != nil || serialNumber != nil || place != nil || isMissing else { return }
        let name: LocalizableText = subject.map { .verbatim("\"\($0)\"") } ?? localized("a certificate")
        let (rules, outcome, text): ([Verdict.Rule], Verdict.Outcome, LocalizableText) =
            if let place {
                if roles.contains(Int(Role.sast.rawValue)) {
                    (
                        [.vouchedByTVS], .accepted,
                        localized("TVS vouched for \(name) as a signer of CTL files; it was found in \(place).")
                    )
                } else if roles.isEmpty {
                    (
                        [], .unknown,
                        localized("TVS found \(name) in \(place); the trace does not show with which roles.")
                    )
                } else {
                    (
                        [.notVouched], .refused,
                        localized("TVS found \(name) in \(place), but not with the role that signs CTL files.")
                    )
                }
            } else if isMissing {
                (
                    [.notVouched], .refused,
                    localized("TVS does not know \(name): a phone that asked about it refuses the file.")
                )
            } else {
                ([], .unknown, localized("A phone asked TVS about \(name); the trace ends before the answer."))
            }
        conclusions.append(
            .init(time: time, rules: rules, outcome: outcome, text: text, subject: subject, quotes: quotes))
    }
}
