import Basics
import Messages

/// A question to the user, as a value: what is shown, and what counts as which answer. It does no I/O.
public struct Question<Answer> {
    /// Lines above the question: what there is to choose from.
    public let choices: [LocalizableText]
    /// The question, with what can be typed.
    public let prompt: LocalizableText
    /// What Return alone means; nil if it is not an answer.
    public let standard: Answer?
    /// Shown after an invalid answer; nil to ask again without comment.
    public let hint: LocalizableText?
    private let read: (String) -> Answer?

    init(
        _ prompt: LocalizableText, choices: [LocalizableText] = [], standard: Answer? = nil,
        hint: LocalizableText? = nil, read: @escaping (String) -> Answer?
    ) {
        (self.prompt, self.choices, self.standard, self.hint, self.read) = (prompt, choices, standard, hint, read)
    }

    /// The answer that was typed; nil if it is not valid, and the question has to be asked again.
    public func answer(to typed: String) -> Answer? {
        let typed = typed.trimmed
        return typed.isEmpty ? standard : read(typed)
    }

    /// Text that can be used as it is.
    ///
    /// - Parameters:
    ///   - question: with a colon at its end.
    ///   - standard: what Return alone means; nil if something has to be typed.
    ///   - hint: shown after an answer that cannot be used.
    ///   - read: what the text means; nil if it cannot be used.
    public static func text(
        _ question: LocalizableText, standard: Answer? = nil, hint: LocalizableText, read: @escaping (String) -> Answer?
    ) -> Question {
        Question(question, standard: standard, hint: hint, read: read)
    }
}

extension Question where Answer == Bool {
    /// Yes or no, or their first letters, in English or the language of the locale.
    ///
    /// - Parameter standard: what Return alone means; nil if one of the two has to be typed.
    public static func yesOrNo(_ question: LocalizableText, standard: Bool? = nil) -> Question {
        let (yes, no) = (localized("yes"), localized("no"))
        let prompt =
            switch standard {
            case nil: localized("\(question) Type \(yes) or \(no): ")
            case true?: localized("\(question) Type \(yes) or \(no) (Return means \(yes)): ")
            case false?: localized("\(question) Type \(yes) or \(no) (Return means \(no)): ")
            }
        return Question(prompt, standard: standard) { typed in
            let typed = typed.lowercased()
            func means(_ word: String) -> Bool { typed == word || typed == word.prefix(1) }
            if means("yes") || means(yes.localized) { return true }
            if means("no") || means(no.localized) { return false }
            return nil
        }
    }
}

extension Question where Answer == Int {
    /// One of several things.
    public struct Choice {
        /// By which it can be called besides its number.
        let names: [String]
        let text: LocalizableText

        /// - Parameter text: what it is, with its name.
        public init(_ names: [String], _ text: LocalizableText) { (self.names, self.text) = (names, text) }

        /// Something that its name explains.
        public init(_ name: String) { self.init([name], .verbatim(name)) }
    }

    /// The place, counted from 0, of one of several things: by its number as shown, counted from 1, by one of its names, or
    /// by the start of one, if only one name starts that way.
    public static func choice(
        _ question: LocalizableText, _ choices: [Choice], standard: Int? = nil
    ) -> Question {
        let width = "\(choices.count)".count + 1
        let lines = choices.enumerated().map { index, choice in
            LocalizableText.verbatim("\(String("   \(index + 1)".suffix(width))). \(choice.text.localized)")
        }
        let prompt =
            standard.map { localized("\(question) Type a number or a name (Return means \($0 + 1)): ") }
            ?? localized("\(question) Type a number or a name: ")
        return Question(
            prompt, choices: lines, standard: standard,
            hint: localized(
                "That matches none of them, or more than one: type a number from 1 to \(choices.count), or a name.")
        ) { typed in
            let typed = typed.lowercased()
            let exact = choices.indices.filter { index in
                Int(typed) == index + 1 || choices[index].names.contains { $0.lowercased() == typed }
            }
            if !exact.isEmpty { return exact.count == 1 ? exact[0] : nil }
            let begun = choices.indices.filter { index in
                choices[index].names.contains { $0.lowercased().hasPrefix(typed) }
            }
            return begun.count == 1 ? begun[0] : nil
        }
    }
}

/// What becomes of a record that nobody named.
public enum RecordChoice: Sendable {
    case keep, leaveOut, stop
}

extension Question where Answer == RecordChoice {
    /// Whether a token stays in a file: keep, leave out or stop, or their first letters, in English or the language of the
    /// locale; yes means keep, and no means stop.
    public static func record(_ question: LocalizableText) -> Question {
        let (keep, leave, stop) = (localized("keep"), localized("leave out"), localized("stop"))
        let answers: [(RecordChoice, [String])] = [
            (.keep, [keep.localized, "keep", "yes", localized("yes").localized]),
            (.leaveOut, [leave.localized, "leave out", "leave"]),
            (.stop, [stop.localized, "stop", "no", localized("no").localized]),
        ]
        return Question(localized("\(question) Type \(keep), \(leave) (it is lost) or \(stop): ")) { typed in
            let typed = typed.lowercased()
            return answers.first { $0.1.contains { $0 == typed || $0.prefix(1) == typed } }?.0
        }
    }
}
