import Operations

/// The basis of a change.
public enum ChangeSource: Sendable {
    case new(ChangeRequest)
    /// A saved plan.
    case saved(ChangePlan)
}

/// A requested change.
public struct ChangeRequest: Sendable {
    let kind: ChangeKind
    let tokens: [ChangePlan.Token]
    let signer: Int?
    let settings: ChangePlan.Settings
    var phones: PhoneSettings
    public internal(set) var introduce: IntroductionChoice
    let now: UInt32
    /// What is lost; nil for other changes.
    let lost: LostTokens?

    /// What happens to the phones at the end.
    public struct PhoneSettings: Sendable {
        var restart: Bool
        let timeout: Int
        let batch: Int
        let pause: Double
        let pools: [String]
        /// How the services that they use restart before.
        let services: RestartOrder

        /// - Parameters:
        ///   - restart: whether they are restarted.
        ///   - timeout: how long they may take for that, in seconds.
        ///   - batch: how many are restarted before a pause.
        ///   - pause: seconds between two batches.
        ///   - pools: device pools whose phones are restarted; all if empty.
        ///   - services: how the services that they use restart before.
        public init(
            restart: Bool = true, timeout: Int = 300, batch: Int = 100, pause: Double = 5, pools: [String] = [],
            services: RestartOrder = .byGroups
        ) {
            self.restart = restart
            self.timeout = timeout
            self.batch = batch
            self.pause = pause
            self.pools = pools
            self.services = services
        }
    }

    /// - Parameters:
    ///   - tokens: those that will be in the file; none if the cluster is to sign.
    ///   - signer: which of them signs; the last one if nil.
    ///   - introduce: whether phones take a file first that names the new signer.
    ///   - now: seconds since 1970; the new file's timestamp.
    public init(
        _ kind: ChangeKind, tokens: [ChangePlan.Token] = [], signer: Int? = nil, settings: ChangePlan.Settings,
        phones: PhoneSettings = .init(), introduce: IntroductionChoice = .auto, now: UInt32
    ) {
        self.init(kind, tokens, signer, settings, phones, introduce, now, lost: nil)
    }

    /// The replacement of lost tokens.
    ///
    /// - Parameters:
    ///   - lost: the lost tokens, and who signs instead.
    ///   - new: new tokens; none if enough remain, or if the cluster is to sign.
    ///   - now: seconds since 1970; the new file's timestamp.
    public init(
        replacing lost: LostTokens, with new: [ChangePlan.Token], settings: ChangePlan.Settings,
        phones: PhoneSettings = .init(), now: UInt32
    ) {
        self.init(.replaceToken, new, nil, settings, phones, .never, now, lost: lost)
    }

    init(
        _ kind: ChangeKind, _ tokens: [ChangePlan.Token], _ signer: Int?, _ settings: ChangePlan.Settings,
        _ phones: PhoneSettings, _ introduce: IntroductionChoice, _ now: UInt32, lost: LostTokens?
    ) {
        self.kind = kind
        self.tokens = tokens
        self.signer = signer
        self.settings = settings
        self.phones = phones
        self.introduce = introduce
        self.now = now
        self.lost = lost
    }
}
