import Secrets

extension Secret {
    /// Lends a copy of the bytes as an array, without a trailing NUL, and overwrites it afterwards.
    ///
    /// libcurl and libssh keep their own copies for as long as a connection lives.
    func withArray<Result, Failure: Error>(_ body: ([UInt8]) throws(Failure) -> Result) throws(Failure) -> Result {
        var copy = withBytes { Array($0) }
        defer { Secret.wipe(&copy) }
        return try body(copy)
    }

    /// Whether other bytes contain it.
    func occurs(in bytes: [UInt8]) -> Bool {
        withBytes { secret in
            guard let first = secret.first, bytes.count >= secret.count else { return false }
            return (0...(bytes.count - secret.count)).contains { start in
                bytes[start] == first && bytes[start..<(start + secret.count)].elementsEqual(secret)
            }
        }
    }
}
