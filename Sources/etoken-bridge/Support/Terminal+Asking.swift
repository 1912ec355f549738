import Basics
import Glibc
import Messages
import Migration

extension Terminal {
    /// Asks until an answer can be used.
    ///
    /// - Returns: nil at the end of input.
    static func ask<Answer>(_ question: Question<Answer>) -> Answer? {
        for choice in question.choices { note(choice) }
        while true {
            // The end of a wrapped line is not the place where someone types; a space and that have to fit as well.
            let prompt = question.prompt.localized.fitting(noteWidth.map { $0 - 2 })
            write(prompt.hasSuffix(" ") ? prompt : prompt + " ", to: STDERR_FILENO)
            // A line that the end of input cuts off was not entered: Control-D after a "y" is no yes.
            guard let typed = readLine(strippingNewline: false), typed.last?.isNewline == true else { return nil }
            if let answer = question.answer(to: typed.trimmed) { return answer }
            if let hint = question.hint { note(hint) }
        }
    }

    /// As ``ask(_:)``; the end of input ends the command.
    static func require<Answer>(_ question: Question<Answer>) throws -> Answer {
        guard let answer = ask(question) else { throw Failure.notConfirmed() }
        return answer
    }

    /// Asks a question on the terminal: yes or no, or their first letters, in English or the language of the locale. It
    /// is repeated until one of them is entered; end of input means no.
    ///
    /// - Parameter standard: what Return alone means; nil if one of both has to be entered.
    static func confirm(_ question: LocalizableText, standard: Bool? = nil) -> Bool {
        ask(.yesOrNo(question, standard: standard)) ?? false
    }
}
