import Messages
import Tokens

/// What is known about a token's PIN, to show it.
struct PINView {
    let state: PINState
    let tries: PINTries?
    private let mustBeChanged: Bool
    private let hasWrongOnes: Bool
    private let hasUnfinishedChange: Bool

    init(_ token: Token, _ contents: TokenContents) {
        // If the configuration cannot be read, only the number that the user configured is missing.
        let history = try? token.pinHistory(contents)
        state = history?.state ?? PINLedger.toLookAt.state(of: token.info)
        tries = history?.tries ?? contents.tries
        mustBeChanged = token.info.wantsNewPIN
        hasWrongOnes = (history?.wrongTries ?? 0) > 0
        hasUnfinishedChange = history?.unfinishedChange != nil
    }

    /// For example `ready, 13 of 15 tries left`.
    var text: LocalizableText {
        var parts = [state.text]
        if let tries, [.ready, .countLow].contains(state), tries.source == .token || hasWrongOnes {
            parts.append(tries.text)
        }
        if hasUnfinishedChange { parts.append(localized("change interrupted")) }
        if mustBeChanged { parts.append(localized("must be changed")) }
        return parts.joined(separator: ", ")
    }
}
