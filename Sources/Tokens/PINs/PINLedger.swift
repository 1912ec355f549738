/// What this program remembers about the PINs of all tokens, and where. It is passed in when searching for tokens, and
/// every token found gets its ``PINHistory`` from it: there is no login without one.
public struct PINLedger: Sendable {
    /// Contains a file for each token for which a wrong PIN was entered, and one to lock for each that was logged in to.
    let folder: String
    /// The file in which users say how many wrong PINs lock their tokens; named in advice.
    let settings: String
    let triesThatLock: @Sendable (_ serialNumber: String) throws -> Int?
    /// The folder in which runs under other accounts keep what they count (``SharedPINCounts``); nil if there is none.
    let shared: String?
    /// The prefix of the names of locks that all runs on this machine share, whatever their folders.
    var machine = "etoken-bridge"
    /// How long another run may take for a login before this one gives up, in seconds.
    static let patienceWithOthers = 30

    /// - Parameters:
    ///   - folder: where the counts are kept; it is created when there is one to keep.
    ///   - settings: path of the configuration file, for advice.
    ///   - shared: a folder in which all users of this machine may write, or nil.
    ///   - triesThatLock: how many wrong PINs in a row lock the token with a serial number, according to the user; nil if
    ///     not set. Only read before a login.
    public init(
        folder: String, settings: String, shared: String? = nil,
        triesThatLock: @escaping @Sendable (_ serialNumber: String) throws -> Int?
    ) {
        self.folder = folder
        self.shared = shared
        self.settings = settings
        self.triesThatLock = triesThatLock
    }

    /// The state of a token's PIN: by the token's flags or, if they show nothing, by what it reported at a login.
    public func state(of token: TokenInfo) -> PINState { PINRecord(token, in: self).state }
}
