/// Something that no public source settles about CUCM, done differently from what the lab usually does: words, formats,
/// order. A client has to cope with each, because any may be the real one. Source: docs/lab.md.
public enum Manner: String, Codable, Sendable, CaseIterable {
    // The command line.
    /// The first prompt comes twice, the second one late.
    case promptTwice = "prompt-twice"
    /// The first prompt takes some seconds.
    case promptLate = "prompt-late"
    /// The first prompt comes only once something has been typed.
    case promptOnEnter = "prompt-on-enter"
    /// Prompts count the commands: `4:admin:`.
    case promptCount = "prompt-count"
    /// The SSH server offers the method `password` also where it refuses it.
    case passwordOffered = "password-offered"
    /// `WARNING: DNS unreachable` in the greeting, and above lists of certificates.
    case dnsWarning = "dns-warning"
    /// Lists of certificates are blocks of lines.
    case certificateBlocks = "certificate-blocks"
    /// Lists of certificates say nothing about a certificate's origin.
    case certificateBare = "certificate-bare"
    /// Certificates are described as OpenSSL does it.
    case certificateOpenSSL = "certificate-openssl"
    /// `show cert trust` ends with the PEM.
    case trustPEM = "trust-pem"
    /// `Cisco Tftp[ STARTED ]`, and `>> Return code = 0` at the end.
    case serviceBlanks = "service-blanks"
    /// An import succeeds with `Successfully regenerated certificate`.
    case importRegenerated = "import-regenerated"
    /// An import only knows stores without `-trust`.
    case importPlainNames = "import-plain-names"
    /// `set cert delete` asks first.
    case deleteAsks = "delete-asks"
    // Names.
    /// The database names servers in capitals.
    case namesCapital = "names-capital"
    /// The database names servers in full.
    case namesFull = "names-full"
    /// The database has addresses instead of names.
    case namesAddress = "names-address"
    // The web pages.
    /// Uploads and deletions are confirmed with unusual words.
    case webOtherWords = "web-other-words"
    /// Uploads are confirmed with a warning that contains the word error.
    case webWarningWords = "web-warning-words"
    /// Uploads end with a redirect to their page.
    case webRedirects = "web-redirects"
    /// The list of certificates is there without Find.
    case listAtOnce = "list-at-once"
    /// The list has its columns in another order, and five rows a page.
    case listSmallPages = "list-small-pages"
    /// Certificates cannot be downloaded from the web pages.
    case noDownload = "no-download"
    // The certificate REST interface.
    /// `{"certificates": [{"certificate": ...}]}` instead of an array with names.
    case restWrapped = "rest-wrapped"
    /// Services are known only without `-trust`.
    case restPlainNames = "rest-plain-names"
    /// Errors come as `messages`, and success is 200.
    case restMessages = "rest-messages"
    // AXL.
    /// Columns that are NULL are left out.
    case axlNoNull = "axl-no-null"
    /// Answers are limited to some kilobytes, and more than a hundred phones at once use up the memory.
    case axlSmall = "axl-small"
    /// `Suggestive Row Fetch`, as older releases are said to spell it.
    case axlSuggestive = "axl-suggestive"
    /// A session ends after three requests, with 404.
    case axlSessions = "axl-sessions"
    // TVS.
    /// TVS vouches for what has left the trust store and the CTL file, until it is restarted.
    case tvsKeeps = "tvs-keeps"
    /// TVS notices a changed CTL file only after some seconds.
    case tvsReadsLate = "tvs-reads-late"
    // An expired password.
    /// The login page does not mention it: it says that the password is wrong.
    case webExpiredAsWrong = "web-expired-as-wrong"

    /// Of each of these only one is possible at a time.
    private static let alternatives: [[Manner]] = [
        [.promptTwice, .promptLate, .promptOnEnter], [.certificateBlocks, .certificateBare],
        [.namesCapital, .namesFull, .namesAddress], [.webOtherWords, .webWarningWords],
    ]

    /// Some of them, the same for the same seed.
    public static func random(seed: UInt64) -> [Manner] {
        var state = seed
        // SplitMix64, from its public description: the same on every machine.
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        var chosen = Set(allCases.filter { _ in next() % 2 == 0 })
        for group in alternatives {
            let rivals = group.filter(chosen.contains)
            guard rivals.count > 1 else { continue }
            let keep = rivals[Int(next() % UInt64(rivals.count))]
            chosen.subtract(rivals.filter { $0 != keep })
        }
        return allCases.filter(chosen.contains)
    }

    /// A few choices that together contain every manner.
    public static let covering: [[Manner]] = (0..<(alternatives.map(\.count).max() ?? 1)).map { round in
        allCases.filter { manner in
            alternatives.first { $0.contains(manner) }.map { $0[round % $0.count] == manner } ?? true
        }
    }

    /// A number is a seed, anything else names of manners, separated by commas.
    ///
    /// - Returns: nil if it is neither.
    public static func list(_ text: String) -> [Manner]? {
        if let seed = UInt64(text) { return random(seed: seed) }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let manners = names.compactMap(Manner.init)
        return manners.count == names.count ? manners : nil
    }

    /// One that cannot be combined with another one of these.
    static func rival(in manners: [Manner]) -> Manner? {
        alternatives.lazy.map { $0.filter(manners.contains) }.first { $0.count > 1 }?.last
    }

    /// What is wrong with a choice, in a sentence; nil if nothing is.
    static func problem(_ manners: [Manner]) -> String? {
        for group in alternatives {
            let rivals = group.filter(manners.contains)
            if rivals.count > 1 {
                return "a lab cannot have the manners \(rivals.map(\.rawValue).joined(separator: " and ")) at once"
            }
        }
        return nil
    }

    /// One line for the help.
    public var help: String {
        switch self {
        case .promptTwice: "the first prompt comes twice"
        case .promptLate: "the first prompt takes some seconds"
        case .promptOnEnter: "the first prompt comes only after a key"
        case .promptCount: "prompts count the commands"
        case .passwordOffered: "SSH offers plain passwords also where it refuses them"
        case .dnsWarning: "WARNING: DNS unreachable in greeting and lists"
        case .certificateBlocks: "certificate lists are blocks of lines"
        case .certificateBare: "certificate lists say nothing of an origin"
        case .certificateOpenSSL: "certificates are described as by OpenSSL"
        case .trustPEM: "show cert trust prints the PEM"
        case .serviceBlanks: "[ STARTED ] with blanks in service lists"
        case .importRegenerated: "an import says that it regenerated"
        case .importPlainNames: "an import knows stores only without -trust"
        case .deleteAsks: "set cert delete asks first"
        case .namesCapital: "server names in capitals"
        case .namesFull: "full server names"
        case .namesAddress: "addresses as server names"
        case .webOtherWords: "unusual words of success on web pages"
        case .webWarningWords: "success with the word error in a warning"
        case .webRedirects: "uploads end with a redirect"
        case .listAtOnce: "the certificate list is there without Find"
        case .listSmallPages: "five certificates a page, other columns"
        case .noDownload: "web pages offer no download"
        case .restWrapped: "REST lists are wrapped, without names"
        case .restPlainNames: "REST knows stores only without -trust"
        case .restMessages: "REST errors are lists, success is 200"
        case .axlNoNull: "AXL leaves out NULL columns"
        case .axlSmall: "AXL answers are small, its memory too"
        case .axlSuggestive: "AXL says Suggestive Row Fetch"
        case .axlSessions: "AXL sessions end early, with 404"
        case .webExpiredAsWrong: "web logins call an expired password wrong"
        case .tvsKeeps: "TVS forgets certificates only when it restarts"
        case .tvsReadsLate: "TVS notices a changed CTL file after 4 s"
        }
    }
}
