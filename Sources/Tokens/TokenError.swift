import Messages

/// A token, module or PIN could not be used.
public struct TokenError: UserError, Equatable {
    /// The kind of error; stable across releases.
    public enum Code: String, Sendable {
        /// No PKCS#11 module was found, or the specified one does not exist.
        case moduleNotFound = "module-not-found"
        /// The module cannot be loaded or initialised.
        case moduleNotUsable = "module-not-usable"
        /// The module ends every program that loads it; it is not loaded.
        case moduleCrashes = "module-crashes"
        /// No token matches the name.
        case tokenNotFound = "token-not-found"
        /// The token was removed while in use.
        case tokenPulled = "token-pulled"
        /// More than one token, or certificate, matches the name.
        case ambiguous
        /// The token contains no matching certificate.
        case certificateNotFound = "certificate-not-found"
        /// The token contains no private key for the certificate.
        case keyNotFound = "key-not-found"
        /// The name is not a valid PKCS#11 URI (RFC 7512).
        case badURI = "bad-uri"
        /// The PIN was refused. A try has been used.
        case pinRefused = "pin-refused"
        /// The PIN is locked.
        case pinLocked = "pin-locked"
        /// One try is left; it is not used.
        case pinFinalTry = "pin-final-try"
        /// The PIN was right, and has to be changed before anything else.
        case pinExpired = "pin-expired"
        /// The PIN cannot be the right one; it is not tried.
        case pinImpossible = "pin-impossible"
        /// Another run of this program is trying a PIN.
        case pinBusy = "pin-busy"
        /// Wrong PINs cannot be counted, or it is not known how many there were; no PIN is tried.
        case pinHistoryUnusable = "pin-history-unusable"
        /// There is no PIN to try.
        case pinMissing = "pin-missing"
        /// The token supports none of the mechanisms needed for trust lists.
        case mechanismMissing = "mechanism-missing"
        /// The module did not return: the token hangs, or another program blocks it.
        case noAnswer = "no-answer"
        /// A new PIN is not acceptable, here or to the token.
        case pinUnsuitable = "pin-unsuitable"
        /// A function of the module failed.
        case failed
        /// The token signed, but the signature does not verify.
        case badSignature = "bad-signature"
    }

    public let code: Code
    /// The token's label, the module's path, or the name that was looked for.
    public let subject: String
    /// One sentence: what was expected and what was found.
    public let text: LocalizableText
    /// What to do next, if ``code`` does not say it all.
    private let advice: LocalizableText?
    /// The PKCS#11 function that failed and what it returned, or nil.
    public let function: PKCS11Function?
    public let returnValue: ReturnValue?
    /// Whether it came after a login: the PIN was right.
    public private(set) var followsLogin = false

    init(
        _ code: Code, _ subject: String, _ text: LocalizableText, next advice: LocalizableText? = nil,
        function: PKCS11Function? = nil,
        returnValue: ReturnValue? = nil
    ) {
        self.code = code
        self.subject = subject
        self.text = text
        self.advice = advice
        self.function = function
        self.returnValue = returnValue
    }

    /// A function of a module failed.
    init(_ function: PKCS11Function, _ value: ReturnValue, _ subject: String, called name: LocalizableText? = nil) {
        self.init(
            .failed, subject, localized("\(name ?? .verbatim(subject)) cannot be used: \(value.sentence)."),
            function: function, returnValue: value)
    }
}

extension TokenError {
    /// The same after a login.
    func afterLogin() -> TokenError {
        var error = self
        error.followsLogin = true
        return error
    }

    /// Whether a PIN was tried, or may have been, without success: any failure of a login counts.
    public var usedUpPINTry: Bool {
        switch code {
        case .pinRefused, .pinLocked: function != nil
        case .noAnswer: true
        case .pinUnsuitable: function != nil
        case .tokenPulled: function == .login || function == .setPIN
        default: false
        }
    }
}

extension TokenError {
    public var details: [LocalizableText] {
        function.map { [localized("\($0.rawValue) returned \(returnValue?.name ?? "?")")] } ?? []
    }

    /// For a token that is locked, or may be soon.
    public static var useTheOther: LocalizableText {
        localized(
            "Use the other token. One of Cisco's that is locked cannot be unlocked: get a new one (docs/lost-token.md)."
        )
    }

    public var next: LocalizableText? {
        if let advice { return advice }
        // Inserting the token again helps in none of these.
        switch returnValue {
        case .sessionCount? where code == .failed:
            return localized("Quit other programs that use the token, and run the command again.")
        case .keyNotPermitted? where code == .failed:
            return localized(
                "The key may not sign: use another token, or set the key's usage with the token's own software.")
        case .writeProtected? where code == .failed: return localized("Use the token's own software.")
        default: break
        }
        return switch code {
        case .moduleNotFound:
            localized("Install the token's driver (SafeNet Authentication Client or OpenSC), or specify --module PATH.")
        case .moduleNotUsable, .moduleCrashes:
            localized("Reinstall the package that the module belongs to, or specify --module PATH.")
        case .tokenPulled: localized("Insert it again, and run the command again.")
        case .tokenNotFound: localized("Insert the token, or specify one of those listed: etoken-bridge token list")
        case .ambiguous:
            localized(
                "Specify a token by its serial number, and one of several certificates by a PKCS#11 URI: \"pkcs11:token=LABEL;id=%01\"."
            )
        case .certificateNotFound, .keyNotFound:
            localized("See what the token contains: etoken-bridge token show \(word: subject)")
        case .badURI:
            localized(
                "Write it like pkcs11:token=SAST-ADN008580ef, or use the token's label. The URI of each token: etoken-bridge token list --uris"
            )
        case .pinRefused:
            localized("Make sure of the PIN before the next attempt; too many wrong ones lock the token for good.")
        case .pinLocked, .pinFinalTry:
            Self.useTheOther
        case .pinExpired: localized("Change it: etoken-bridge token change-pin \(word: subject)")
        case .pinImpossible: localized("Enter the PIN as it is on the token. No PIN attempt was used.")
        case .pinBusy: localized("Wait until it has ended, and run the command again.")
        case .pinHistoryUnusable: localized("Check the state folder.")
        case .pinMissing: localized("Set a user PIN with the token's own software.")
        case .mechanismMissing: localized("Use another token.")
        case .noAnswer:
            localized("Quit other programs that use the token; if there are none, remove it and insert it again.")
        case .pinUnsuitable: localized("Choose another PIN.")
        case .failed, .badSignature: localized("Remove the token, insert it again, and run the command again.")
        }
    }
}
