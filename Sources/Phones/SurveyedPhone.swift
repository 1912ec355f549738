import Certificates
import Messages
import TrustList

/// What a phone displays of its CTL file.
public enum HeldChecksum: Equatable, Sendable {
    case notInstalled
    /// Lower-case hexadecimal, MD5 (32 digits) or SHA-1 (40 digits).
    case checksum(String)
}

/// A phone, and what it holds as its CTL file.
public struct SurveyedPhone: Sendable {
    public let phone: Phone
    public let held: HeldTrustList
    /// What it holds, for tables: "present file", "no CTL file", "other file (1a2b...)".
    public let summary: String

    /// Judges what phones hold, by what their web pages display and by what the cluster serves.
    ///
    /// Most phones have web access switched off. One that is registered is supposed to have taken the file that the cluster
    /// serves; of one that is not, nobody knows.
    ///
    /// - Parameters:
    ///   - checksums: by phone name, what web pages display.
    ///   - present: the file that the cluster serves; nil for none.
    ///   - assumed: what a registered phone that cannot be asked is supposed to hold, where that is another file.
    ///   - copy: finds another file by its checksum.
    public static func all(
        _ phones: [Phone], checksums: [String: HeldChecksum], present: (bytes: [UInt8], list: TrustListFile)?,
        assumed: (list: TrustListFile, summary: String)? = nil, copy: (String) -> TrustListFile?
    ) -> [SurveyedPhone] {
        let assumed = assumed ?? present.map { ($0.list, localized("present file (assumed)")) }
        let matching = present.map { Digest.displayed($0.bytes) } ?? []
        // Phones that hold the same file share it.
        var known: [String: HeldTrustList] = [:]
        return phones.map { phone in
            switch checksums[phone.name] {
            case .notInstalled?:
                return SurveyedPhone(phone: phone, held: .none, summary: localized("no CTL file"))
            case .checksum(let text)?:
                if let present, matching.contains(text) {
                    return SurveyedPhone(phone: phone, held: .file(present.list), summary: localized("present file"))
                }
                let held = known[text] ?? other(text, copy)
                known[text] = held
                let kind = if case .file = held { "older" } else { "other" }
                return SurveyedPhone(phone: phone, held: held, summary: "\(kind) file \(text.prefix(8))")
            case nil where phone.isRegistered == false:
                return SurveyedPhone(
                    phone: phone,
                    held: .unknown(localized("it is not registered, so nobody knows which CTL file it took last")),
                    summary: localized("not known (not registered)"))
            case nil:
                guard let assumed else {
                    return SurveyedPhone(phone: phone, held: .none, summary: localized("no CTL file (assumed)"))
                }
                return SurveyedPhone(phone: phone, held: .file(assumed.list), summary: assumed.summary)
            }
        }
    }

    private static func other(_ checksum: String, _ copy: (String) -> TrustListFile?) -> HeldTrustList {
        if let old = copy(checksum) { return .file(old) }
        return .unknown(
            localized("it holds another CTL file (checksum \(checksum)) than the cluster serves, and no copy is here"))
    }
}
