import Basics
import Messages
import X509

extension Certificate {
    /// How long before its end `token list` names the day, in seconds: three months.
    private static let notice: Int64 = 90 * 86400

    var validityNow: Validity { validity(at: Timestamp.now.seconds) }

    /// For a table: nothing as long as the certificate is valid and does not end soon.
    var validityRemark: LocalizableText? {
        switch validityNow {
        case .expired: localized("expired \(Timestamp(notAfter).day)")
        case .notYet: localized("valid from \(Timestamp(notBefore).day)")
        case .valid:
            notAfter - Timestamp.now.seconds < Self.notice ? localized("ends \(Timestamp(notAfter).day)") : nil
        }
    }

    /// From when to when, and whether that is over.
    var validityText: LocalizableText {
        let (start, end) = (Timestamp(notBefore), Timestamp(notAfter))
        return switch validityNow {
        case .valid: localized("\(start) to \(end)")
        case .expired: localized("\(start) to \(end), expired")
        case .notYet: localized("\(start) to \(end), not yet")
        }
    }
}
