import Basics
import Messages
import Tokens
import TrustList
import X509

/// Has the user choose tokens, one after another; one USB port is enough.
struct TokenChooser {
    private let module: ModuleOptions

    init(_ module: ModuleOptions) { self.module = module }

    /// - Parameters:
    ///   - least: how many are needed; more are offered.
    ///   - question: about each token that is shown.
    ///   - except: certificates of tokens that are not offered.
    func tokens(least: Int, question: LocalizableText, except: [[UInt8]] = []) throws -> [NamedToken] {
        let prompt = try InsertionPrompt(module)
        var chosen: [NamedToken] = []
        // Those that were declined, or could not be read; the one that has waited longest is offered again.
        var declined: [PresentToken] = []
        while true {
            let present = try prompt.next(
                InsertionPrompt.ordinal(chosen.count), declined: declined.first, mayEnd: chosen.count >= least)
            guard let present else { return chosen }
            prompt.count(present.info)
            declined.removeAll { $0.info.serialNumber == present.info.serialNumber }
            let token: NamedToken
            do {
                token = try NamedToken(present.info.serialNumber, in: module.finder())
            } catch let error as TokenError {
                // Removed again, or without a certificate: what was chosen before stays.
                Terminal.note(error.text)
                declined.append(present)
                continue
            }
            if except.contains(token.stored.certificate.der) {
                Terminal.note(localized("Token \(token.label) is in the current file already."))
                continue
            }
            describe(token)
            guard Terminal.confirm(question) else {
                declined.append(present)
                continue
            }
            chosen.append(token)
            if chosen.count >= least, !Terminal.confirm(localized("Add another token?"), standard: false) {
                return chosen
            }
        }
    }

    /// What the CTL Client showed about a token before it was added.
    private func describe(_ token: NamedToken) {
        let certificate = token.stored.certificate
        Terminal.note(
            localized(
                """
                  Token:   \(token.label) (serial \(token.token.info.serialNumber))
                  Subject: \(certificate.subject.rendered(.token))
                  Issuer:  \(certificate.issuer.rendered(.token))
                  Serial:  \(certificate.serialNumber.colonHex)
                  Valid:   \(certificate.validityText)
                """))
    }
}

extension NamedToken {
    /// The names that a command line uses for them: their labels, or their serial numbers if labels are the same or missing.
    static func names(of tokens: [NamedToken]) -> [String] {
        let labels = tokens.map(\.label)
        let areGood =
            Set(labels).count == labels.count && labels.allSatisfy { !$0.isEmpty && (try? TokenName($0))?.uri == nil }
        return areGood ? labels : tokens.map(\.token.info.serialNumber)
    }
}
