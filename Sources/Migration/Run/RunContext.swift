import TrustList
import Messages

/// What a run reports, and what it asks for, while it is in progress.
public struct RunContext {
    /// Called for each step.
    let observe: (StepEvent) -> Void
    /// Called with the progress of a long step: "2 of 4 restarted, about 30 s left".
    let progress: (LocalizableText) -> Void
    /// Whether the user, or the system, asked the program to stop. Checked before each step and during long waits: true
    /// ends the run there, as a failure of that step would.
    let isInterrupted: () -> Bool
    /// The token, logged in to; nil if nothing is left to sign.
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
