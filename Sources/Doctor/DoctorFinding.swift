import Messages
import SmartCards

/// What a check of `doctor` found; it may be about a reader, and the card in it.
package typealias DoctorFinding = Finding<DoctorCode, Reader>

/// The kind of a finding; stable across releases.
package struct DoctorCode: Hashable, Sendable {
    /// Which check found it: ``DoctorCheck/name``.
    package let check: String
    package let name: String
}

extension DoctorFinding {
    /// - Parameter check: the check that found it.
    init(
        _ check: any DoctorCheck, _ severity: Severity, _ code: String, _ text: LocalizableText,
        next: [LocalizableText] = []
    ) {
        self.init(code: DoctorCode(check: check.name, name: code), severity: severity, text: text, next: next)
    }

    /// The same finding, about a reader.
    func about(_ reader: Reader) -> DoctorFinding {
        var finding = self
        finding.subject = reader
        return finding
    }
}
