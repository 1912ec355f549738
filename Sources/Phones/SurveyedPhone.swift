import Messages
import TrustList
import X509

/// What a phone displays about its CTL file.
public enum HeldChecksum: Equatable, Sendable {
    case notInstalled
    /// Lower-case hexadecimal, MD5 (32 digits) or SHA-1 (40 digits).
    case checksum(String)
}

/// Identifies, by its checksum, the CTL file that a phone displays.
public struct FileClassifier: Sendable {
    private let present: [String]
    private let new: [String]?

    /// - Parameters:
    ///   - present: the file that the cluster serves; nil for none.
    ///   - new: the file that a change has created, if `present` is the one before it.
    public init(present: [UInt8]?, new: [UInt8]? = nil) {
        self.present = present.map { Digest.displayed($0) } ?? []
        self.new = new.map { Digest.displayed($0) }
    }

    /// - Returns: ``HeldFile/Code/notKnown`` if the phone did not say; for a file that is neither of the two,
    ///   ``HeldFile/Code/otherFile``.
    public func code(of held: HeldChecksum?) -> HeldFile.Code {
        switch held {
        case nil: .notKnown
        case .notInstalled?: .noFile
        case .checksum(let text)? where new?.contains(text) == true: .newFile
        case .checksum(let text)? where present.contains(text): new == nil ? .presentFile : .oldFile
        case .checksum?: .otherFile
        }
    }
}

/// Which CTL file a phone holds: a code for programs, and words for tables.
public struct HeldFile: Sendable, Hashable {
    public enum Code: String, Sendable, Codable {
        /// The one that the cluster serves.
        case presentFile = "present-file"
        /// The one that a change has created, and the one before it.
        case newFile = "new-file"
        case oldFile = "old-file"
        /// Another one, of which there is a copy here.
        case olderFile = "older-file"
        /// Another one, of which there is no copy here.
        case otherFile = "other-file"
        case noFile = "no-file"
        case notKnown = "not-known"

        /// For people: "new file".
        public var text: LocalizableText {
            switch self {
            case .presentFile: localized("current file")
            case .newFile: localized("new file")
            case .oldFile: localized("old file")
            case .olderFile: localized("older file")
            case .otherFile: localized("other file")
            case .noFile: localized("no file")
            case .notKnown: localized("not known")
            }
        }
    }

    public let code: Code
    /// What the phone displays, if that is an older or another file: MD5 or SHA-1, lower-case hexadecimal.
    public var checksum: String?
    /// Whether the phone could not be asked, and is assumed to hold it.
    public var isAssumed = false

    public init(code: Code, checksum: String? = nil, isAssumed: Bool = false) {
        (self.code, self.checksum, self.isAssumed) = (code, checksum, isAssumed)
    }

    /// Whether the phone itself said so.
    public var isSeen: Bool { !isAssumed && code != .notKnown }

    /// For people: "current file", "older file 9bf96bc2".
    public var text: LocalizableText {
        let start = String(checksum?.prefix(8) ?? "")
        return switch code {
        case .presentFile: isAssumed ? localized("current file (assumed)") : localized("current file")
        case .newFile: isAssumed ? localized("new file (assumed)") : localized("new file")
        case .oldFile: localized("old file")
        case .olderFile: localized("older file \(start)")
        case .otherFile: localized("other file \(start)")
        case .noFile: isAssumed ? localized("no CTL file (assumed)") : localized("no CTL file")
        case .notKnown: isAssumed ? localized("not known") : localized("not known (not registered)")
        }
    }
}

/// A phone, and what it holds as its CTL file.
public struct SurveyedPhone: Sendable {
    public let phone: Phone
    /// What it holds as far as its web page says so, or else what is assumed.
    public let held: HeldTrustList
    public let holding: HeldFile
    /// If its page answered: what it would be assumed to hold without that. Nobody can check a page: it is plain HTTP,
    /// and anyone on the network can answer in the phone's place. So what it says counts only where it makes the
    /// verdict worse; a forecast judges both.
    let heldWithoutPage: HeldTrustList?

    init(_ phone: Phone, _ held: HeldTrustList, _ holding: HeldFile, withoutPage: HeldTrustList? = nil) {
        self.phone = phone
        self.held = held
        self.holding = holding
        heldWithoutPage = withoutPage
    }

    /// Judges what phones hold, by what their web pages display and by what the cluster serves.
    ///
    /// Most phones have web access switched off. One that is registered is assumed to have accepted the file that the
    /// cluster serves; for one that is not, it is not known. A page that says "Not Installed" although the cluster
    /// serves a file is not believed: what that phone holds is not known.
    ///
    /// - Parameters:
    ///   - checksums: by phone name, what web pages display.
    ///   - present: the file that the cluster serves; nil for none.
    ///   - new: the file that a change has created, if `present` is the one before it; a registered phone that cannot
    ///     be asked is assumed to hold it.
    ///   - isMixed: whether the cluster is in mixed mode. Where it serves no file although it is, phones still hold the one
    ///     that they accepted last.
    ///   - leftBehind: what a phone is known to hold that did not follow an earlier change; nil for the others.
    ///   - copy: finds another file by its checksum.
    public static func all(
        _ phones: [Phone], checksums: [String: HeldChecksum], present: (bytes: [UInt8], list: TrustListFile)?,
        new: (bytes: [UInt8], list: TrustListFile)? = nil, isMixed: Bool = false,
        leftBehind: (Phone) -> (held: HeldTrustList, holding: HeldFile)? = { _ in nil },
        copy: (String) -> TrustListFile?
    ) -> [SurveyedPhone] {
        let presentCode: HeldFile.Code = new == nil ? .presentFile : .oldFile
        let assumed = new.map { ($0.list, HeldFile.Code.newFile) } ?? present.map { ($0.list, presentCode) }
        let classifier = FileClassifier(present: present?.bytes, new: new?.bytes)
        // Phones that hold the same file share it.
        var known: [String: HeldTrustList] = [:]
        return phones.map { phone in
            let (without, assumedHolding) = leftBehind(phone) ?? withoutPage(phone, assumed, isMixed)
            let code = classifier.code(of: checksums[phone.name])
            switch checksums[phone.name] {
            case nil: return SurveyedPhone(phone, without, assumedHolding)
            case .notInstalled?:
                let held: HeldTrustList =
                    assumed == nil && !isMixed
                    ? .none
                    : .unknown(
                        localized(
                            "its web page says that it holds no CTL file, although the cluster serves one; that cannot be checked"
                        ))
                return SurveyedPhone(phone, held, HeldFile(code: code), withoutPage: without)
            case .checksum(let text)?:
                let file: TrustListFile? =
                    switch code {
                    case .presentFile, .oldFile: present?.list
                    case .newFile: new?.list
                    default: nil
                    }
                if let file {
                    return SurveyedPhone(phone, .file(file), HeldFile(code: code), withoutPage: without)
                }
                let held = known[text] ?? other(text, copy)
                known[text] = held
                let code: HeldFile.Code = if case .file = held { .olderFile } else { .otherFile }
                return SurveyedPhone(phone, held, HeldFile(code: code, checksum: text), withoutPage: without)
            }
        }
    }

    /// The same phone once it has restarted, and was offered a file.
    ///
    /// - Parameter verdict: what it was forecast to do with that file.
    public func offered(_ list: TrustListFile, verdict: Verdict) -> SurveyedPhone {
        switch verdict.outcome {
        case .accepted: SurveyedPhone(phone, .file(list), HeldFile(code: .newFile, isAssumed: true))
        case .refused: self
        case .unknown:
            SurveyedPhone(
                phone, .unknown(localized("it is not known whether it accepts the new file")),
                HeldFile(code: .notKnown, isAssumed: true))
        }
    }

    /// What a phone is assumed to hold if nothing but the cluster says so.
    private static func withoutPage(
        _ phone: Phone, _ assumed: (list: TrustListFile, code: HeldFile.Code)?, _ isMixed: Bool
    ) -> (HeldTrustList, HeldFile) {
        if phone.isRegistered == false {
            return (
                .unknown(localized("it is not registered, so it is not known which CTL file it accepted last")),
                HeldFile(code: .notKnown)
            )
        }
        guard let (list, code) = assumed else {
            guard isMixed else { return (.none, HeldFile(code: .noFile, isAssumed: true)) }
            return (
                .unknown(
                    localized(
                        "the cluster is in mixed mode and serves no CTL file, so the phone still holds one that is not known here"
                    )),
                HeldFile(code: .notKnown, isAssumed: true)
            )
        }
        return (.file(list), HeldFile(code: code, isAssumed: true))
    }

    private static func other(_ checksum: String, _ copy: (String) -> TrustListFile?) -> HeldTrustList {
        if let old = copy(checksum) { return .file(old) }
        return .unknown(
            localized(
                "it holds a different CTL file (checksum \(checksum)) than the cluster serves, and there is no copy of it here"
            ))
    }
}
