import Synchronization
import X509

/// A certificate that is parsed once, on first use: most records of a list are never looked at, and parsing takes
/// longer than reading the whole list.
final class LazyCertificate: Sendable {
    private final class Outcome: Sendable {
        let result: Result<Certificate, CertificateError>
        init(_ result: Result<Certificate, CertificateError>) { self.result = result }
    }

    private let outcome = AtomicLazyReference<Outcome>()

    /// - Parameter der: always the same bytes.
    func parsed(_ der: ArraySlice<UInt8>) -> Result<Certificate, CertificateError> {
        if let outcome = outcome.load() { return outcome.result }
        let result = Result { () throws(CertificateError) in try Certificate(der: Array(der)) }
        return outcome.storeIfNil(Outcome(result)).result
    }
}
