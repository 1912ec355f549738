import Basics
import Messages
import TrustList
import X509

/// A test of everything that signing takes, before it is needed: the token, its certificate, the PIN (one try), the key,
/// and a signature over random bytes. Changes nothing.
public struct SigningTest {
    /// One of the things that are tested.
    public struct Step: Sendable {
        /// In the order in which they are tested.
        public enum Name: String, Sendable, CaseIterable {
            case token, certificate, validity, pin, key, signature
        }

        public enum Result: String, Sendable {
            case ok, warning, failed
        }

        public let name: Name
        public let result: Result
        /// What was found; for a failure, what happened in whole sentences.
        public let text: LocalizableText
    }

    /// Logs in to a token: asks for its PIN, and tries it once.
    public typealias Login = (Token, StoredCertificate, TokenURI?) throws -> TokenSigner

    /// What an error means in whole sentences, and what to do next.
    public typealias Description = (any Error) -> (text: LocalizableText, next: LocalizableText?)

    /// Nil if it was not found.
    public private(set) var token: Token?
    /// What was tested; after a failure, nothing more is.
    public private(set) var steps: [Step] = []
    /// Logged in; nil after a failure.
    public private(set) var signer: TokenSigner?
    public private(set) var failure: (any Error)?
    /// What to do after a failure.
    public private(set) var next: LocalizableText?
    /// Logging in tests several things, in an order of its own.
    private var isLoggingIn = false

    /// Finds a token, and tests it.
    ///
    /// - Parameter describe: for errors of `logIn`, and others.
    public init(_ name: String, in finder: TokenFinder, describe: Description, logIn: Login) {
        run(describe) { test throws in
            let name = try TokenName(name)
            try test.run(try finder.token(named: name), name.uri, logIn)
        }
    }

    /// Tests a token.
    ///
    /// - Parameters:
    ///   - uri: what chooses one of several certificates, or nil.
    ///   - describe: for errors of `logIn`, and others.
    public init(_ token: Token, uri: TokenURI? = nil, describe: Description, logIn: Login) {
        run(describe) { test throws in try test.run(token, uri, logIn) }
    }

    private mutating func run(_ describe: Description, _ work: (inout SigningTest) throws -> Void) {
        do { try work(&self) } catch {
            failure = error
            let (text, next) = describe(error)
            self.next = next
            if isLoggingIn, (error as? TokenError)?.followsLogin == true { addPIN() }
            let name = isLoggingIn ? Self.step(ofLogin: error) : Step.Name.allCases[steps.count]
            steps.append(Step(name: name, result: .failed, text: text))
        }
    }

    private mutating func run(_ token: Token, _ uri: TokenURI?, _ logIn: Login) throws {
        self.token = token
        let info = token.info
        add(
            .token,
            localized("found in \(info.slotDescription) (serial \(info.serialNumber)), with \(token.module.path)"))
        let stored = try token.certificate(matching: uri)
        let certificate = stored.certificate
        let subject = certificate.subject.value(of: "CN")?.trimmed ?? "?"
        switch SASTLikeness(certificate) {
        case .full: add(.certificate, localized("certificate \(subject), of a Cisco SAST token"))
        case .nameOnly, .none:
            add(.certificate, localized("certificate \(subject), not issued by Cisco Manufacturing CA"))
        }
        let (start, end) = (Timestamp(certificate.notBefore), Timestamp(certificate.notAfter))
        if certificate.validity(at: Timestamp.now.seconds) != .valid {
            add(.validity, localized("valid from \(start) to \(end), not now"), .warning)
        } else if certificate.endsSoon(at: Timestamp.now.seconds) {
            add(.validity, localized("valid to \(end), which is soon"), .warning)
        } else {
            add(.validity, localized("valid to \(end)"))
        }
        isLoggingIn = true
        let signer = try logIn(token, stored, uri)
        isLoggingIn = false
        addPIN()
        add(.key, localized("the private key is there (\(certificate.publicKey.bits) bit)"))
        try signer.proveKey()
        add(.signature, localized("a signature over random bytes verifies"))
        self.signer = signer
    }

    /// That the PIN was right.
    private mutating func addPIN() {
        guard let token else { return }
        let right: LocalizableText =
            (try? token.pinHistory())?.tries.map { localized("the PIN is right (\($0.text))") }
            ?? localized("the PIN is right")
        if token.info.wantsNewPIN {
            add(.pin, localized("\(right), and the token wants another one"), .warning)
        } else {
            add(.pin, right)
        }
    }

    private mutating func add(_ name: Step.Name, _ text: LocalizableText, _ result: Step.Result = .ok) {
        steps.append(Step(name: name, result: result, text: text))
    }

    /// What an error of the login is about.
    private static func step(ofLogin error: any Error) -> Step.Name {
        switch (error as? TokenError)?.code {
        case .keyNotFound, .ambiguous: .key
        case .badSignature, .mechanismMissing: .signature
        default: .pin
        }
    }
}
