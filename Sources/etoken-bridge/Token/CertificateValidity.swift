import Basics
import Messages
import X509

extension Certificate {
    var validityNow: Validity { validity(at: Timestamp.now.seconds) }

    /// For a table: nothing as long as the certificate is valid and does not end soon.
    var validityRemark: LocalizableText? {
        switch validityNow {
        case .expired: localized("expired \(Timestamp(notAfter).day)")
        case .notYet: localized("valid from \(Timestamp(notBefore).day)")
        case .valid:
            endsSoon(at: Timestamp.now.seconds) ? localized("ends \(Timestamp(notAfter).day)") : nil
        }
    }

    /// From when to when, and whether that is over.
    var validityText: LocalizableText {
        let (start, end) = (Timestamp(notBefore), Timestamp(notAfter))
        return switch validityNow {
        case .valid where endsSoon(at: Timestamp.now.seconds): localized("\(start) to \(end), ends soon")
        case .valid: localized("\(start) to \(end)")
        case .expired: localized("\(start) to \(end), expired")
        case .notYet: localized("\(start) to \(end), not yet")
        }
    }
}
