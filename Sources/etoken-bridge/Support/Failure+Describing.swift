import Certificates
import Files
import TrustList

extension Failure {
    /// What a library's error means to the user.
    init(describing error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as FileError:
            self.init(
                error.code == .notFound ? Status.notThere : Status.failed,
                "\(error.path): cannot \(error.operation) it: \(error.cause).",
                next: error.code == .noSpace ? "Free some space on that disk, and run the command again." : nil)
        case let error as TrustListError:
            self.init(
                Status.verificationFailed, "The trust list is not usable: \(error).", causes: [error.code.rawValue])
        case let error as CertificateError:
            self.init(
                Status.failed, "A certificate or key cannot be used: \(error.reason).",
                causes: [error.code.rawValue, error.cause].compactMap(\.self))
        default: self.init(Status.failed, "\(error)")
        }
    }
}
