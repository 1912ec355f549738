import Testing

@testable import Cluster

@Suite(.timeLimit(.minutes(5))) struct ConversationTests {
    func feed(_ conversation: inout Conversation, _ text: String, _ silence: Conversation.Silence = .short)
        -> Conversation.Action
    {
        conversation.receive(Array(text.utf8))
        return conversation.next(after: silence)
    }

    @Test func theEchoAndThePromptGo() {
        var conversation = Conversation(ShellCommand("show ctl"))
        #expect(feed(&conversation, "show ctl\r\n") == .wait)
        #expect(feed(&conversation, "Length of CTL file: 0\r\nadmin:", .none) == .wait)
        #expect(conversation.next(after: .short) == .finished("Length of CTL file: 0"))
    }

    /// Some nodes print a prompt twice, or late: the one before the echo is not the one after the command.
    @Test func aPromptBeforeTheEchoIsNotTheEnd() {
        var conversation = Conversation(ShellCommand("show ctl"))
        #expect(feed(&conversation, "\r\nadmin:") == .wait)
        #expect(feed(&conversation, "show ctl\r\n") == .wait)
        #expect(feed(&conversation, "row\r\nadmin:") == .finished("row"))
    }

    /// `set commandcount enable`
    @Test func promptsMayCountCommands() {
        var conversation = Conversation(ShellCommand("show ctl"))
        #expect(feed(&conversation, "3:admin:show ctl\r\nrow\r\n4:admin:") == .finished("row"))
        #expect(Conversation.isPrompt("admin:") && Conversation.isPrompt("12:admin:"))
        #expect(!Conversation.isPrompt("x:admin:") && !Conversation.isPrompt("admin:show"))
    }

    @Test func aPromptWithinALineTakesLonger() {
        var conversation = Conversation(ShellCommand("show ctl"))
        #expect(feed(&conversation, "Error parsing the CTL File. admin:") == .wait)
        #expect(conversation.next(after: .long) == .finished("Error parsing the CTL File. "))
    }

    @Test func theFirstPromptIsFoundBehindTheBanner() {
        var conversation = Conversation(nil)
        #expect(feed(&conversation, "Command Line Interface is starting up, please wait ...\r\n", .long) == .wait)
        #expect(feed(&conversation, "\r\n   Welcome to the Platform Command Line Interface\r\n\r\nadmin:") != .wait)
    }

    @Test func somethingLateBeforeTheEchoGoesWithIt() {
        var conversation = Conversation(ShellCommand("show ctl"))
        #expect(feed(&conversation, "a late message\r\nadmin:show ctl\r\nrow\r\nadmin:") == .finished("row"))
    }

    /// A terminal wraps a long command at its width; some start the next line with CR alone, or a space.
    @Test(arguments: ["\r\n", "\n", " \r\n", "\r\n "])
    func aWrappedEchoGoes(wrap: String) {
        let command = "run sql select paramname,paramvalue from processconfig where paramname='ClusterSecurityMode'"
        let echo = [command.prefix(40), command.dropFirst(40).prefix(40), command.dropFirst(80)].joined(separator: wrap)
        var conversation = Conversation(ShellCommand(command))
        #expect(feed(&conversation, "\(echo)\r\nparamname\r\n=========\r\nadmin:") == .finished("paramname\n========="))
    }

    /// However the network splits what the node sends, the result is the same.
    @Test(arguments: [
        "show ctl\r\nLength of CTL file: 0\r\n\r\nadmin:", "show ctl\nrow\n\nadmin:",
        "admin:show ctl\r\n\r\nrow\r\r\nadmin:",
        "show ctl\r\nb\u{8}\u{1B}[1mrow\u{1B}[0m\r\n\u{7}admin:", "show ctl\r\nrow \t \r\nadmin: ",
    ])
    func chunksMakeNoDifference(transcript: String) {
        func answer(_ cuts: Set<Int>) -> Conversation.Action {
            var conversation = Conversation(ShellCommand("show ctl"))
            var action = Conversation.Action.wait
            for (index, byte) in transcript.utf8.enumerated() {
                conversation.receive([byte])
                if cuts.contains(index) { action = conversation.next(after: .none) }
                if action != .wait { return action }
            }
            return conversation.next(after: .long)
        }
        let whole = answer([])
        #expect(whole != .wait)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let cuts = Set((0..<transcript.utf8.count).filter { _ in Bool.random(using: &generator) })
            #expect(answer(cuts) == whole)
        }
    }

    @Test func questionsAreAnsweredOnceAndInOrder() {
        let command = ShellCommand(
            "utils ctl update CTLFile", questions: [.init("Do you want to continue? (y/n):", answer: "y")])
        var conversation = Conversation(command)
        let question = "This operation will update the CTLFile. Do you want to\r\n continue? (y/n):"
        #expect(feed(&conversation, "utils ctl update CTLFile\r\n\(question)", .none) == .send([121, 10]))
        #expect(conversation.next(after: .long) == .wait)
        #expect(feed(&conversation, "y\r\nReally? (y/n):", .long) == .stuck(question: "Really? (y/n):"))
        #expect(feed(&conversation, "\r\nCTL file Updated\r\nadmin:") != .wait)
    }

    @Test func anUnexpectedQuestionIsNotAnswered() {
        var conversation = Conversation(ShellCommand("file delete tftp x"))
        let text = "file delete tftp x\r\nDelete?\r\nEnter \"y\" followed by return to continue: "
        #expect(feed(&conversation, text) == .wait)
        #expect(
            conversation.next(after: .long) == .stuck(question: "Enter \"y\" followed by return to continue:"))
    }

    @Test func pagesAreTurned() {
        var conversation = Conversation(ShellCommand("show long"))
        let prompt = "Press <enter> for 1 line, <space> for one page, or <q> to quit"
        #expect(feed(&conversation, "show long\r\na\r\n\(prompt)", .none) == .send([32]))
        #expect(feed(&conversation, "\r          \rb\r\n\(prompt)", .none) == .send([32]))
        #expect(feed(&conversation, "c\r\nadmin:") == .finished("a\nb\nc"))
    }

    @Test func terminalsAreImitated() {
        func plain(_ text: String) -> String { TerminalText.plain(Array(text.utf8)) }
        #expect(plain("a\r\nb\nc") == "a\nb\nc")
        #expect(plain("abc\rx\r\n") == "xbc\n")
        #expect(plain("ab\u{8}c  \r\n") == "ac\n")
        #expect(plain("\u{1B}[1;31mred\u{1B}[0m\u{1B}7\u{7}!") == "red!")
        #expect(plain("é\r\n") == "é\n")
    }
}
