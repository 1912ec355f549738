import Basics
import Messages
import TrustList
import X509

extension ChangeRecord {
    /// How the new signer is introduced, and what that changes.
    public struct Introduction: Codable, Sendable {
        public enum State: String, Codable, Sendable {
            case planned, introduced
            /// The release does not do it, and the change goes without.
            case notIntroduced = "not-introduced"
        }

        public let state: State
        /// What is run on the publisher; nil if a token signs the file.
        public let command: String?
        /// The token that signs the file.
        public let token: Token?
        /// Why no signer was introduced.
        public let reason: LocalizableText?
        /// The file that introduces the signer.
        public let file: File?
        /// Both ways, and what phones do with each file.
        public let forecast: IntroductionForecast

        /// Nil if the plan introduces no signer.
        init?(
            _ plan: ChangePlan, _ known: JournalState, _ forecast: IntroductionForecast?, backups: StateFolder
        ) throws {
            guard plan.introducingStep != nil, let forecast = known.introductionForecast ?? forecast else { return nil }
            self.forecast = forecast
            let bytes = known.introduction.flatMap { try? backups.backup(sha256: $0) }
            file = try bytes.map(File.init)
            reason = known.notIntroduced
            state = reason != nil ? .notIntroduced : file != nil ? .introduced : .planned
            command = plan.steps.first(where: \.introduces)?.parameters.command
            token = try plan.signing(of: .introduction).flatMap { signing in
                try plan.tokens.first { $0.sha1 == signing.certificate }.map { try Token($0, signs: true) }
            }
        }

        /// Both ways, with their names.
        public var ways: [(name: LocalizableText, way: IntroductionForecast.Way)] {
            [(localized("introduced first"), forecast.with), (localized("directly"), forecast.without)]
        }

        /// "The new signer is introduced first, by utils ctl update CTLFile."
        public var text: LocalizableText {
            if let reason { return localized("The new signer was not introduced first: \(reason).") }
            let command = command ?? ""
            return token.map {
                localized(
                    "The new signer is introduced first, by a file that token \($0.label) signs (serial number \($0.serialNumber.asSerialNumber), SHA-1 \($0.sha1))."
                )
            } ?? localized("The new signer is introduced first, by \(command).")
        }
    }
}

extension IntroductionForecast.Way {
    /// "about 3 min"
    public var duration: LocalizableText { localized("about \(ProgressEstimate.text(seconds))") }
}
