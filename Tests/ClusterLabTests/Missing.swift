/// What a test needs is not there.
struct Missing: Error, CustomStringConvertible {
    let description: String
}

extension Optional {
    func required(_ what: String) throws -> Wrapped {
        guard let self else { throw Missing(description: what) }
        return self
    }
}
