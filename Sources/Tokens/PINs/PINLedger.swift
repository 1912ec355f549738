/// What this program remembers about the PINs of all tokens, and where. It is passed in when searching for tokens, and
/// every token found gets its ``PINHistory`` from it: there is no login without one.
public struct PINLedger: Sendable {
    /// Contains a file for each token for which a wrong PIN was entered, and one to lock for each that was logged in to.
    let folder: String
    /// The file in which users say how many wrong PINs lock their tokens; named in advice.
    let settings: String
    let triesThatLock: @Sendable () throws -> Int?
    /// The prefix of the names of locks that all runs on this machine share, whatever their folders.
    var machine = "etoken-bridge"
    /// How long another run may take for a login before this one gives up, in seconds.
    static let patienceWithOthers = 30

    /// - Parameters:
    ///   - folder: where the counts are kept; it is created when there is one to keep.
    ///   - settings: path of the configuration file, for advice.
    ///   - triesThatLock: how many wrong PINs in a row lock the tokens, according to the user; nil if not set. Only
    ///     read before a login.
    public init(folder: String, settings: String, triesThatLock: @escaping @Sendable () throws -> Int?) {
        self.folder = folder
        self.settings = settings
        self.triesThatLock = triesThatLock
    }

    /// The state of a token's PIN: by the token's flags or, if they show nothing, by what it reported at a login.
    public func state(of token: TokenInfo) -> PINState { PINRecord(token, in: folder).state }
}
