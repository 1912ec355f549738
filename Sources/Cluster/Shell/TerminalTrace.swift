import Configuration
import Transfers

/// What went over a terminal for one command, byte by byte: greeting, echo, pages, prompt.
public struct TerminalTrace: Sendable {
    public enum Event: Sendable, Hashable {
        /// Came before the command was sent, and belongs to none.
        case stale([UInt8])
        /// - after: milliseconds of silence before it.
        case received([UInt8], after: Int)
        /// The command itself is not among these: answers to questions, a key to turn a page.
        case sent([UInt8])
    }

    /// Nil for what comes before the first prompt.
    public var command: String?
    public var events: [Event]
    /// Whether a prompt came at the end.
    public var isComplete: Bool

    public init(command: String?, events: [Event] = [], isComplete: Bool = false) {
        (self.command, self.events, self.isComplete) = (command, events, isComplete)
    }

    /// What the command printed, read once more from the bytes: without echo and prompt. Nil if no prompt is found in
    /// them, or one before their end.
    public var text: String? {
        var conversation = Conversation(command.map { ShellCommand($0) })
        for event in events {
            switch event {
            case .stale: break
            case .received(let bytes, let after):
                if Conversation.Silence(milliseconds: after) == .long, case .finished = conversation.next(after: .long)
                {
                    return nil
                }
                conversation.receive(bytes)
            case .sent: _ = conversation.next(after: .short)
            }
        }
        for silence in [Conversation.Silence.short, .long] {
            if case .finished(let text) = conversation.next(after: silence) { return text }
        }
        return nil
    }
}

/// Sees all that a cluster's clients exchange with it.
public protocol ClusterWire: Wire {
    func terminal(_ trace: TerminalTrace, of node: NodeConfiguration)
}
