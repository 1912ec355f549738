import Basics
import Cluster
import Configuration
import Messages
import Migration
import Operations
import Phones
import Secrets
import SmartCards
import Tokens
import TrustList
import X509

extension Failure {
    /// What an error means in whole sentences, and what to do next.
    static func describe(_ error: any Error) -> (text: LocalizableText, next: LocalizableText?) {
        let failure = Failure(describing: error)
        return (failure.what, failure.next)
    }

    /// What a library's error means to the user.
    init(describing error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as StepFailure:
            self.init(Status.of(error), error.text, code: error.codeName, next: error.next, causes: error.details)
        case let error as any UserError:
            self.init(
                Status.of(error), error.text, code: error.codeName, next: error.next,
                causes: [.verbatim(error.code.rawValue)] + error.details)
        default: self.init(Status.failed, LocalizableText(describing: error))
        }
    }
}

extension Status {
    /// The exit status for a library's error.
    static func of(_ error: any Error) -> Int32 {
        switch error {
        case let error as FileError: error.code == .notFound ? notThere : failed
        case let error as SecretError: error.isOfTerminal ? failed : notThere
        case let error as TrustListError:
            switch error.code {
            case .tooFewTokens, .unusableSigner, .noSuchRecord, .signatureMismatch: failed
            case .empty, .tooLarge, .notATrustList, .truncated, .badLength, .duplicateField, .missingField, .badValue:
                verificationFailed
            }
        case let error as TokenError:
            switch error.code {
            case .moduleNotFound, .tokenPulled, .tokenNotFound, .ambiguous, .certificateNotFound, .keyNotFound: notThere
            case .badURI: usage
            case .pinRefused: pinRefused
            case .pinLocked, .pinFinalTry, .pinHistoryUnusable: pinLocked
            case .moduleNotUsable, .moduleCrashes, .pinMissing, .pinExpired, .pinImpossible, .pinBusy,
                .mechanismMissing, .noAnswer,
                .pinUnsuitable, .failed, .badSignature:
                failed
            }
        case let error as ClusterError:
            switch error.code {
            case .file, .notFound: notThere
            case .unreachable, .timedOut, .closed, .busy: notReachable
            case .notTrusted, .loginRefused, .passwordExpired, .tooManyLogins: notTrusted
            case .interrupted: interrupted
            case .configuration, .refused, .notSupported, .noCommonAlgorithm, .noCommonSSHAlgorithm,
                .unexpectedQuestion, .unexpectedAnswer, .mismatch:
                failed
            }
        case let error as EvidenceError:
            switch error.code {
            case .contradicted, .unproven: notTrusted
            case .inconsistent: failed
            case .unusable: verificationFailed
            }
        case is DeploymentError: verificationFailed
        case let error as MigrationError:
            switch error.code {
            case .contradicted, .unproven: notTrusted
            case .phonesWouldRefuse: phonesWouldRefuse
            case .presentFileInvalid: verificationFailed
            case .phonesDiffer, .clusterHasErrors: partlyDone
            case .interrupted: interrupted
            case .noChange, .noSuchToken: notThere
            case .notIntroduced, .notMixedMode, .inconsistentFiles, .unusableTokens, .readBackDiffers, .notVouched,
                .notApplicable,
                .worldChanged, .busy, .unfinishedChange, .foreignRecords, .outdatedRecords, .outputExists,
                .planUnusable, .notSignable,
                .journalUnusable:
                failed
            }
        case let error as AnswerError:
            switch error.code {
            case .requestUnusable, .answerUnusable: failed
            case .answerDiffers, .answerRefused: verificationFailed
            }
        case let error as StepFailure:
            error.isInterrupted ? interrupted : error.isHalfDone ? partlyDone : of(error.failure)
        default: failed
        }
    }
}
