/// One step of a migration: it can tell whether it is already done, do it, prove it, and undo it.
///
/// Every step is safe to repeat. Source: docs/architecture.md, "A migration is data".
public protocol Step: AnyObject {
    /// Stable name, for journals and JSON.
    var id: String { get }
    /// What it does, in the imperative: "Upload both certificates as Phone-SAST-trust".
    var title: String { get }
    /// What its action reaches.
    var effect: StepEffect { get }

    /// Looks at the world: is it already so?
    func check() throws -> StepState
    /// Does it.
    func act() throws
    /// Reads back and compares. Each sentence says what was seen.
    ///
    /// - Throws: where the world is not as the action should have left it.
    func prove() throws -> [String]
    /// Puts back what ``act()`` changed, also after an action that failed half-way. Each sentence says what was put back.
    func undo() throws -> [String]
}

extension Step {
    public func undo() throws -> [String] { [] }
}

/// What a step's action reaches.
public enum StepEffect: String, Sendable, Codable {
    /// It only reads.
    case none
    /// It writes files on this machine.
    case local
    /// It changes the cluster where no phone can see it.
    case cluster
    /// Phones can see it.
    case phones
}

/// What a step's check found.
public enum StepState: Equatable, Sendable {
    /// Nothing to do; the text says what was found.
    case done(String)
    /// There is something to do; the text says what would change where.
    case pending(String)
}

/// A step failed.
public struct StepFailure: Error {
    public let stepID: String
    public let stepTitle: String
    public let cause: any Error
    /// What was put back, in order.
    public let undone: [String]
    /// What could not be put back, and why. Empty when the cluster is as it was.
    public let notUndone: [String]
    /// Whether the failure came after the new file was proven on every node, so that nothing was put back.
    public let isAfterCommit: Bool
}

/// What happens during a run, for progress on the terminal.
public enum StepEvent: Sendable {
    case began(number: Int, of: Int, title: String)
    case skipped(String)
    case doing(String)
    case proved([String])
    case undoing(title: String)
    case undone([String])
}

/// Runs steps in order: check, action, proof. When one fails before the commit step is proven, what was done is undone
/// in reverse order.
public struct StepRunner {
    private let steps: [any Step]
    private let commitStep: String
    private let isInterrupted: () -> Bool
    private let observe: (StepEvent) -> Void

    /// - Parameters:
    ///   - commitStep: the id of the step after whose proof the change stands, and is no longer undone.
    ///   - isInterrupted: asked before each step; yes ends the run there, as a failure of that step would.
    public init(
        _ steps: [any Step], commitStep: String, isInterrupted: @escaping () -> Bool = { false },
        observe: @escaping (StepEvent) -> Void
    ) {
        self.steps = steps
        self.commitStep = commitStep
        self.isInterrupted = isInterrupted
        self.observe = observe
    }

    public func run() throws(StepFailure) {
        var acted: [any Step] = []
        var isCommitted = false
        for (index, step) in steps.enumerated() {
            observe(.began(number: index + 1, of: steps.count, title: step.title))
            do {
                if isInterrupted() {
                    throw MigrationError(
                        .interrupted, "It was interrupted before this step.",
                        next: "Run the same command again when you are ready; every step is safe to repeat.")
                }
                switch try step.check() {
                case .done(let found):
                    observe(.skipped(found))
                case .pending(let plan):
                    observe(.doing(plan))
                    acted.append(step)
                    try step.act()
                    observe(.proved(try step.prove()))
                }
            } catch {
                throw undo(acted, after: step, cause: error, isCommitted: isCommitted)
            }
            if step.id == commitStep { isCommitted = true }
        }
    }

    private func undo(
        _ acted: [any Step], after failed: any Step, cause: any Error, isCommitted: Bool
    ) -> StepFailure {
        var undone: [String] = []
        var notUndone: [String] = []
        if !isCommitted {
            for step in acted.reversed() where step.effect == .cluster || step.effect == .phones {
                observe(.undoing(title: step.title))
                do {
                    let sentences = try step.undo()
                    observe(.undone(sentences))
                    undone += sentences
                } catch {
                    notUndone.append("\(step.title): \(error)")
                }
            }
        }
        return StepFailure(
            stepID: failed.id, stepTitle: failed.title, cause: cause, undone: undone, notUndone: notUndone,
            isAfterCommit: isCommitted)
    }
}
