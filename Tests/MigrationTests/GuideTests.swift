import Messages
import Testing

@testable import Migration

/// Questions as values: what counts as which answer. No terminal is needed for that.
@Suite(.timeLimit(.minutes(1))) struct GuideTests {
    private let clusters = Question.choice(
        localized("Which cluster?"), [.init("lab"), .init("site2"), .init("site20")])

    @Test(arguments: [
        ("1", 0), (" 2 ", 1), ("lab", 0), ("LAB", 0), ("l", 0), ("site2", 1), ("site20", 2), ("3", 2),
    ])
    func aNumberOrANameChooses(typed: String, place: Int) { #expect(clusters.answer(to: typed) == place) }

    @Test(arguments: ["", "0", "4", "-1", "sit", "other", "1.", "1 2"])
    func anythingElseIsAskedAgain(typed: String) {
        #expect(clusters.answer(to: typed) == nil)
        #expect(clusters.hint != nil)
    }

    /// What could be a number and a name is neither.
    @Test func aNameThatIsTheNumberOfAnotherIsAskedAgain() {
        let question = Question.choice(localized("Which cluster?"), [.init("2"), .init("lab")])
        #expect(question.answer(to: "2") == nil && question.answer(to: "1") == 0)
    }

    @Test func returnMeansWhatThePromptSays() {
        for (standard, answer) in [(nil, nil), (true, true), (false, false)] as [(Bool?, Bool?)] {
            let question = Question.yesOrNo(localized("Which cluster?"), standard: standard)
            #expect(question.answer(to: "") == answer && question.answer(to: "\t") == answer)
            for (typed, meant) in [("y", true), ("YES", true), ("n", false), ("No", false)] {
                #expect(question.answer(to: typed) == meant)
            }
            for typed in ["perhaps", "yess", "1", "yn"] { #expect(question.answer(to: typed) == nil) }
        }
        let last = Question.choice(localized("Which cluster?"), [.init("a"), .init("b")], standard: 1)
        #expect(last.answer(to: "") == 1 && last.answer(to: "a") == 0)
    }

    /// The words that result are those of a command line, whatever they contain.
    @Test func answersBecomeACommandLine() {
        var words = CommandWords(["migrate", "run"])
        words.add("--cluster", "site two")
        words.add("--token", "-x'y")
        words.add("--accept-stranded")
        words.insert("plan $1", behind: 2)
        #expect(
            words.words == ["migrate", "run", "plan $1", "--cluster", "site two", "--token=-x'y", "--accept-stranded"])
        #expect(
            words.text
                == #"etoken-bridge migrate run 'plan $1' --cluster 'site two' '--token=-x'\''y' --accept-stranded"#)
    }

    /// Each procedure is offered somewhere, is a command, and needs only what is asked for.
    @Test func whileAChangeIsUnfinishedNoOtherOneStarts() {
        let open = Procedure.offered(isUnfinished: true)
        let settled = Procedure.offered(isUnfinished: false)
        #expect(Set(open + settled) == Set(Procedure.allCases))
        #expect(open == [.resume, .rollback, .prepareUpgrade, .prepareDowngrade] && !settled.contains(.resume))
        #expect(Set(Procedure.allCases.map(\.words)).count == Procedure.allCases.count)
        #expect(Procedure.allCases.allSatisfy { !$0.needs.contains(.procedure) })
    }
}
