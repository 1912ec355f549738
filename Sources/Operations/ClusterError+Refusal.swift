import Configuration

extension ClusterError {
    /// Whether no other node should be asked with the same password.
    var isRefusal: Bool {
        switch code {
        case .loginRefused, .passwordExpired, .tooManyLogins, .notTrusted, .configuration: true
        case .file, .unreachable, .timedOut, .noCommonAlgorithm, .noCommonSSHAlgorithm, .busy, .refused, .notFound,
            .notSupported, .unexpectedQuestion, .unexpectedAnswer, .mismatch, .closed, .interrupted:
            false
        }
    }
}
