import TrustList
import Messages

/// What a run tells, and what it asks, while it is under way.
public struct RunContext {
    /// Told of each step.
    let observe: (StepEvent) -> Void
    /// Told how far a long step is: "2 of 4 restarted, about 30 s left".
    let progress: (LocalizableText) -> Void
    /// Whether the user, or the system, asked the program to stop. Asked before each step and within long waits: yes ends
    /// the run there, as a failure of that step would.
    let isInterrupted: () -> Bool
    /// The token, logged in to; nil where nothing is left to sign.
    var signer: (any TrustListSigner)?

    public init(
        observe: @escaping (StepEvent) -> Void = { _ in }, progress: @escaping (LocalizableText) -> Void = { _ in },
        isInterrupted: @escaping () -> Bool = { false }
    ) {
        self.observe = observe
        self.progress = progress
        self.isInterrupted = isInterrupted
    }
}
