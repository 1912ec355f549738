import X509

/// What differs between two trust lists, by meaning and not by bytes.
public struct TrustListDiff: Sendable {
    /// One difference.
    public enum Change: Hashable, Sendable {
        case added(Record)
        case removed(Record)
        /// The same host or name in the same role has a different certificate.
        case rekeyed(old: Record, new: Record)
        /// The same certificate in the same role is described differently: another name, address or set of fields.
        case respelt(old: Record, new: Record)
        /// The same records are in another order.
        case reordered
        /// A different certificate signed it. Names as spelled in the files.
        case signer(old: String, new: String)
        case digest(old: DigestAlgorithm, new: DigestAlgorithm)
        /// The file's own name inside it.
        case fileName(old: String, new: String)
    }

    public let changes: [Change]

    public init(from old: TrustListFile, to new: TrustListFile) {
        var changes: [Change] = []
        let (first, second) = (old.header, new.header)
        if first.fileName != second.fileName { changes.append(.fileName(old: first.fileName, new: second.fileName)) }
        if magnitude(first.serialNumber) != magnitude(second.serialNumber) || first.caName != second.caName {
            changes.append(.signer(old: first.signerName, new: second.signerName))
        }
        if first.digest != second.digest { changes.append(.digest(old: first.digest, new: second.digest)) }

        self.changes = changes + Self.records(from: old.records, to: new.records)
    }

    /// How records differ.
    public static func records(from old: [Record], to new: [Record]) -> [Change] {
        var changes: [Change] = []
        var left = old
        var right = new
        func pair(_ fits: (Record, Record) -> Bool) -> [(Record, Record)] {
            var pairs: [(Record, Record)] = []
            for record in left {
                guard let match = right.firstIndex(where: { fits(record, $0) }) else { continue }
                pairs.append((record, right.remove(at: match)))
                left.remove(at: left.firstIndex(of: record)!)
            }
            return pairs
        }
        let same = pair(==)
        let respelt = pair { $0.role == $1.role && $0.certificate != nil && $0.certificate == $1.certificate }
        let rekeyed = pair { old, new in
            old.role == new.role
                && ((old.dnsName.map { !$0.isEmpty && $0 == new.dnsName } ?? false)
                    || (old.subjectName != nil && old.subjectName == new.subjectName))
        }
        changes += left.map(Change.removed) + right.map(Change.added)
        changes += rekeyed.map { .rekeyed(old: $0.0, new: $0.1) } + respelt.map { .respelt(old: $0.0, new: $0.1) }
        if left.isEmpty, right.isEmpty, rekeyed.isEmpty, respelt.isEmpty, same.count == old.count,
            old != new
        {
            changes.append(.reordered)
        }
        return changes
    }
}
