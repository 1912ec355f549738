/// What this program remembers of the PINs of all tokens, and where. Whoever looks for tokens hands it over, and every
/// token that is found has its ``PINHistory`` from it: there is no login without one.
public struct PINLedger: Sendable {
    /// Holds a file for each token to which a wrong PIN was given.
    let folder: String
    /// The file in which users say how many wrong PINs lock their tokens; named in advice.
    let settings: String
    let triesThatLock: @Sendable () throws -> Int?

    /// - Parameters:
    ///   - folder: where the counts are kept; it is made when there is one to keep.
    ///   - settings: path of the configuration file, for advice.
    ///   - triesThatLock: how many wrong PINs in a row lock the tokens, as the user says; nil where nobody does. Asked for
    ///     before a login only.
    public init(folder: String, settings: String, triesThatLock: @escaping @Sendable () throws -> Int?) {
        self.folder = folder
        self.settings = settings
        self.triesThatLock = triesThatLock
    }

    /// The state of a token's PIN: by the token's flags, and by what it said at a login where they show nothing.
    public func state(of token: TokenInfo) -> PINState { PINRecord(token, in: folder).state }
}
