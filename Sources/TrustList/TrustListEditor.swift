import Basics
import Messages

/// Changes the records of a trust list, and makes sure that it stays usable.
public struct TrustListEditor: Sendable {
    /// Which record is meant.
    public enum Selector: Hashable, Sendable {
        /// By its number, counted from 1.
        case number(Int)
        /// By its subject, as spelled in the file.
        case subject(String)
        /// By its serial number: big-endian magnitude.
        case serialNumber([UInt8])

        func matches(_ record: Record, number: Int) -> Bool {
            switch self {
            case .number(let wanted): number == wanted
            case .subject(let wanted): record.subjectName == wanted
            case .serialNumber(let wanted): record.serialNumber.map(magnitude) == magnitude(wanted)
            }
        }
    }

    public private(set) var records: [Record]

    public init(_ records: [Record]) { self.records = records }

    /// Adds a record. Tokens come first in a CTL Client file, everything else at the end.
    ///
    /// If the list already contains a record with this certificate and role, nothing is added: its bytes do not change.
    public mutating func add(_ record: Record) {
        guard !records.contains(where: { $0.certificate == record.certificate && $0.role == record.role }) else {
            return
        }
        if record.isToken {
            records.insert(record, at: records.firstIndex { !$0.isToken } ?? records.count)
        } else {
            records.append(record)
        }
    }

    /// Removes the selected records. All numbers are those before the removal.
    ///
    /// - Throws: ``TrustListError`` (`no-such-record`) if a selector matches nothing; then nothing is removed.
    public mutating func remove(_ selectors: [Selector]) throws(TrustListError) {
        var doomed: Set<Int> = []
        for selector in selectors {
            let found = records.indices.filter { selector.matches(records[$0], number: $0 + 1) }
            guard !found.isEmpty else {
                throw TrustListError(
                    .noSuchRecord, localized("no record has \(selector.clause); there are \(records.count)"))
            }
            doomed.formUnion(found)
        }
        records = records.indices.filter { !doomed.contains($0) }.map { records[$0] }
    }

    /// Empties every CCM+TFTP record, as the CTL Client does for a cluster in non-secure mode.
    public mutating func makeNonSecure() throws(TrustListError) {
        var emptied: [Record] = []
        for record in records { emptied.append(record.role == .ccmTFTP ? try record.emptied() : record) }
        records = emptied
    }

    /// Checks that losing one token does not lock anyone out of the cluster.
    ///
    /// - Throws: ``TrustListError`` (`too-few-tokens`) for a list of hardware tokens with fewer than two different
    ///   ones, and (`unusable-signer`) if no record may sign.
    public func checkSigners() throws(TrustListError) {
        let signers = records.filter { $0.role == .sast }
        guard !signers.isEmpty else {
            throw TrustListError(
                .unusableSigner, localized("no record with the role \(Role.sast.text) would be left to sign"))
        }
        let tokens = Set(signers.filter(\.isToken).map(\.certificate))
        guard tokens.count != 1 else {
            throw TrustListError(
                .tooFewTokens,
                localized(
                    "one token would be left; two are required, so that losing one does not lock you out of the cluster"
                ))
        }
    }
}

extension TrustListEditor.Selector {
    var clause: LocalizableText {
        switch self {
        case .number(let number): localized("number \(number)")
        case .subject(let subject): localized("the subject \(subject)")
        case .serialNumber(let bytes):
            localized(
                "the serial number \(bytes.colonHex.lowercased())"
            )
        }
    }
}
