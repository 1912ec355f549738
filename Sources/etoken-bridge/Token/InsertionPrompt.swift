import Basics
import Glibc
import Messages
import Migration
import Tokens

/// Asks the user to insert tokens, one after another if there is only one USB port: "Insert the first security token
/// and press Return". A token is also detected by itself; the same one inserted twice is reported.
final class InsertionPrompt {
    private let watcher: TokenWatcher
    private let arrival: TokenArrival

    /// How long Return and insertions wait for each other, in milliseconds.
    private static let turn: UInt32 = 150

    init(_ module: ModuleOptions) throws {
        watcher = try module.watcher(readsNames: true)
        arrival = TokenArrival(watcher)
        // What is present is known before the first question.
        _ = watcher.changes(within: 0)
    }

    /// The word for the token at this position, counted from 0, in a question.
    static func ordinal(_ index: Int) -> LocalizableText {
        let words = [localized("first"), localized("second"), localized("third"), localized("fourth")]
        return index < words.count ? words[index] : localized("next")
    }

    /// A token that was used before, so that it is not taken for the next one.
    func count(_ info: TokenInfo) { arrival.count(info) }

    /// Waits for a token; one that is already present is returned at once, without a question.
    ///
    /// - Parameters:
    ///   - name: a label, a serial number, the name of a certificate or a PKCS#11 URI; nil for any that has not been asked for before.
    ///   - ordinal: for the question: ``ordinal(_:)``, or another word.
    /// - Throws: ``Failure`` if there is no terminal to prompt on, or after Control-C (``Interruption``).
    func token(_ name: String?, _ ordinal: LocalizableText) throws -> PresentToken {
        guard let token = try token(name, ordinal, declined: nil, mayEnd: false) else {
            preconditionFailure("only what may end returns nothing")
        }
        return token
    }

    /// Any token that has not been asked for before.
    ///
    /// - Parameters:
    ///   - declined: a token that is returned if Return is pressed and no other one is present.
    ///   - mayEnd: whether it is acceptable that there is none.
    /// - Returns: nil if the user says that there is no other one.
    func next(_ ordinal: LocalizableText, declined: PresentToken?, mayEnd: Bool) throws -> PresentToken? {
        try token(nil, ordinal, declined: declined, mayEnd: mayEnd)
    }

    private func token(
        _ name: String?, _ ordinal: LocalizableText, declined: PresentToken?, mayEnd: Bool
    ) throws -> PresentToken? {
        let wantedName = try name.map { name throws(TokenError) in try TokenName(name) }
        if let there = arrival.wait(for: wantedName, within: 0) { return there }
        let wanted: LocalizableText =
            name.map { localized("the \(ordinal) security token (\($0))") }
            ?? localized("the \(ordinal) security token")
        guard Terminal.isInteractive else {
            throw Failure(
                Status.notThere,
                name.map { localized("The \(ordinal) security token (\($0)) is not inserted.") }
                    ?? localized("The \(ordinal) security token is not inserted."),
                next: localized("Insert it, and run the command again; etoken-bridge token wait waits for it."))
        }
        Terminal.note(localized("Insert \(wanted) and press Return."))
        let others = watcher.tokens.map(\.info.plainLabel).joined(separator: ", ")
        if name != nil, !others.isEmpty { Terminal.note(localized("Inserted now: \(others)")) }
        if mayEnd { Terminal.note(localized("Type no if there is no other one.")) }
        if let declined {
            Terminal.note(
                localized(
                    "Press Return to be asked about token \(declined.info.plainLabel) again, or Control-C to quit."))
        }
        while true {
            if let token = arrival.wait(for: wantedName, within: Self.turn, remark: tell) {
                Terminal.note(localized("Token \(token.info.plainLabel) (serial \(token.info.serialNumber)) found."))
                return token
            }
            guard !Interruption.hasCome, !watcher.isCancelled else {
                throw Failure(Status.interrupted, localized("Interrupted: \(wanted) was not inserted."))
            }
            switch Self.typed() {
            case .nothing: break
            case .end: throw Failure.notConfirmed()
            case .line(let text):
                // Return alone means no, unless there is a token to ask about again.
                let isOver = Question.yesOrNo(.verbatim(""), standard: declined == nil ? false : nil).answer(to: text)
                if mayEnd, isOver == false { return nil }
                if let declined { return declined }
                Terminal.note(localized("Insert \(wanted), or quit with Control-C."))
            }
        }
    }

    private func tell(_ remark: TokenArrival.Remark) -> Bool {
        switch remark {
        case .sameAgain(let token):
            Terminal.note(
                localized("That is token \(token.info.plainLabel) again. Remove it, and insert the other one."))
        case .another(let token):
            Terminal.note(localized("Token \(token.info.plainLabel) is not the one that is needed now."))
        case .change(.unreadCard(let reader)):
            Terminal.note(ReaderView(readers: [reader]).unread(beside: [])[0])
        case .change: break
        }
        return true
    }

    private enum Typed {
        case nothing
        case line(String)
        /// Control-D, also after something that was not entered.
        case end
    }

    /// What was typed since.
    private static func typed() -> Typed {
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, 0) > 0 else { return .nothing }
        var line = [UInt8](repeating: 0, count: 256)
        let count = read(STDIN_FILENO, &line, line.count)
        if count < 0 { return errno == EINTR ? .nothing : .end }
        let text = String(decoding: line[..<count], as: UTF8.self)
        return text.last?.isNewline == true ? .line(text.trimmed) : .end
    }
}

extension NamedToken {
    /// The specified tokens. On a terminal, each missing one is asked for, so that one USB port is enough.
    ///
    /// - Throws: `TokenError` (`token-not-found`) without a terminal.
    static func all(_ names: [String], _ module: ModuleOptions) throws -> [NamedToken] {
        var found: [NamedToken] = []
        var prompt: InsertionPrompt?
        for (index, name) in names.enumerated() {
            // Chosen just now, and perhaps removed since to make room for another one.
            if let chosen = MigrationWizard.tokens[name] {
                found.append(chosen)
                continue
            }
            found.append(try asked(name, InsertionPrompt.ordinal(index), module, after: found, &prompt))
        }
        return found
    }

    /// The same token as it is now; asked for on a terminal if it was removed in the meantime to make room for another.
    ///
    /// - Parameter word: what it is now, for the question: ``InsertionPrompt/ordinal(_:)``, or what it does.
    func insertedAgain(_ name: String, _ module: ModuleOptions, for word: LocalizableText) throws -> NamedToken {
        let again = try Self.named(name, module, for: word)
        guard again.stored.certificate == stored.certificate else {
            throw Failure(
                Status.failed, localized("Token \(again.label) contains a different certificate than before."),
                next: localized("Insert the token that was used before, and run the command again."))
        }
        return again
    }

    /// A token; asked for on a terminal if it is missing.
    static func named(_ name: String, _ module: ModuleOptions, for word: LocalizableText) throws -> NamedToken {
        var prompt: InsertionPrompt?
        return try asked(name, word, module, after: [], &prompt)
    }

    private static func asked(
        _ name: String, _ ordinal: LocalizableText, _ module: ModuleOptions, after earlier: [NamedToken],
        _ prompt: inout InsertionPrompt?
    ) throws -> NamedToken {
        do {
            return try NamedToken(name, in: module.finder())
        } catch let error as TokenError where error.code == .tokenNotFound && Terminal.isInteractive {
            // Asked below.
        }
        let asking = try prompt ?? InsertionPrompt(module)
        prompt = asking
        for token in earlier { asking.count(token.token.info) }
        _ = try asking.token(name, ordinal)
        return try NamedToken(name, in: module.finder())
    }
}
