import Basics
import Cluster
import Configuration
import Messages
import Migration
import Phones
import Secrets
import SmartCards
import Tokens
import TrustList
import X509

extension Failure {
    /// What a library's error means to the user.
    init(describing error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as FileError:
            self.init(
                error.code == .notFound ? Status.notThere : Status.failed,
                "\(error).", code: Self.code(of: error), next: Self.advice(on: error))
        case let error as TrustListError: self.init(describing: error)
        case let error as CertificateError:
            self.init(
                Status.failed, localized("A certificate or key cannot be used: \(error.reason)."),
                code: error.code.rawValue,
                next: localized("Give another one, as PEM or DER, that OpenSSL can read."),
                causes: [error.code.rawValue, error.cause].compactMap(\.self))
        case let error as TokenError: self.init(describing: error)
        case let error as SmartCardError:
            self.init(
                Status.failed, error.reason, code: error.code.rawValue,
                next: localized("See what is wrong, and how to put it right: etoken-bridge doctor"),
                causes: [error.code.rawValue, localized("\(error.function) returned \(error.status.name)")])
        case let error as SecretError:
            self.init(
                Status.notThere, localized("The PIN could not be read from \(error.source): \(error.reason)."),
                code: "secret-unreadable",
                next: error.isOpenToOthers
                    ? localized("Close it to them: chmod 600 \(error.source)")
                    : localized("Give a file whose first line is the PIN, closed to others (chmod 600)."))
        case let error as ClusterError: self.init(describing: error)
        case let error as InventoryError: self.init(describing: error)
        case let error as MigrationError: self.init(describing: error)
        case let error as StepFailure: self.init(describing: error)
        default: self.init(Status.failed, "\(error)")
        }
    }

    /// A file's error in JSON, where other things can be missing or locked, too.
    static func code(of error: FileError) -> String { "file-\(error.code.rawValue)" }

    private static func advice(on error: FileError) -> String {
        switch error.code {
        case .noSpace: localized("Free some space on that disk, and run the command again.")
        case .exists: localized("Name another place for it.")
        case .locked: localized("Wait until the other program is done, then run the command again.")
        case .notFound, .permission, .tooLarge, .other: localized("Check the path and its permissions.")
        }
    }

    private init(describing error: TrustListError) {
        let causes = [error.code.rawValue]
        switch error.code {
        case .tooFewTokens:
            self.init(
                Status.failed, localized("The trust list was not made: \(error)."), code: error.code.rawValue,
                next: localized("Add a second token, or give --allow-few-tokens if you know that you want this."),
                causes: causes)
        case .unusableSigner, .noSuchRecord, .signatureMismatch:
            self.init(
                Status.failed, localized("The trust list was not made: \(error)."), code: error.code.rawValue,
                next: localized("See the records of the file that is changed: etoken-bridge ctl show FILE"),
                causes: causes)
        default:
            self.init(
                Status.verificationFailed, localized("The trust list is not usable: \(error)."),
                code: error.code.rawValue,
                next: localized("Fetch it again from the TFTP server: etoken-bridge ctl fetch"), causes: causes)
        }
    }

    private init(describing error: TokenError) {
        let (status, next): (Int32, String?) =
            switch error.code {
            case .moduleNotFound:
                (
                    Status.notThere,
                    localized(
                        "Install the token's driver (SafeNet Authentication Client or OpenSC), or give --module PATH.")
                )
            case .moduleNotUsable:
                (Status.failed, localized("Reinstall the package that the module belongs to, or give --module PATH."))
            case .tokenPulled: (Status.notThere, localized("Insert it again, and run the command once more."))
            case .tokenNotFound:
                (Status.notThere, localized("Insert the token, or name one that is there: etoken-bridge token list"))
            case .ambiguous:
                (
                    Status.notThere,
                    localized(
                        "Name a token by its serial number, and one of several certificates by a PKCS#11 URI: \"pkcs11:token=LABEL;id=%01\"."
                    )
                )
            case .certificateNotFound, .keyNotFound:
                (Status.notThere, localized("See what the token holds: etoken-bridge token show \(error.subject)"))
            case .badURI:
                (Status.usage, localized("Write it like pkcs11:token=SAST-ADN008580ef, or give the token's label."))
            case .pinRefused:
                (
                    Status.pinRefused,
                    localized(
                        "Make sure of the PIN before the next attempt; too many wrong ones lock the token for good.")
                )
            case .pinLocked, .pinFinalTry:
                (
                    Status.pinLocked,
                    localized("Use the other token, or have this one unlocked with its administrator PIN.")
                )
            case .pinMissing: (Status.failed, localized("Set a user PIN with the token's own software."))
            case .mechanismMissing: (Status.failed, localized("Use another token."))
            case .noAnswer:
                (
                    Status.failed,
                    localized("End other programs that use the token; if there are none, pull it and insert it again.")
                )
            case .pinUnsuitable: (Status.failed, localized("Choose another PIN."))
            case .failed, .badSignature:
                (Status.failed, localized("Pull the token, insert it again, and run the command once more."))
            }
        let cause = error.function.map { localized("\($0) returned \(error.returnValue?.name ?? "?")") }
        self.init(
            status, error.reason, code: error.code.rawValue, next: next,
            causes: [error.code.rawValue, cause].compactMap(\.self))
    }
}
