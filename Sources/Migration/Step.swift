import Messages

/// One step of a change: it can tell whether it is already done, do it, prove it, and undo it.
///
/// Every step is safe to repeat, also in another run of the program: what it has to remember is in the journal. Source:
/// docs/architecture.md, "A migration is data".
public protocol Step: AnyObject {
    var id: StepID { get }
    /// What it does, in the imperative: "Upload both certificates as Phone-SAST-trust".
    var title: LocalizableText { get }
    /// What its action reaches.
    var effect: StepEffect { get }

    /// Checks whether the cluster is already in the wanted state.
    func check() throws -> StepState
    /// How much of it is left to do if it is pending, from 0 to 1: another run may have done the rest.
    func shareLeft() throws -> Double
    /// Does it.
    func act(_ context: RunContext) throws
    /// Reads back and compares. Each sentence says what was seen.
    ///
    /// - Throws: if the cluster is not as the action should have left it.
    func prove() throws -> [LocalizableText]
    /// Whether ``undo()`` has something to restore. What phones did cannot be undone: they are told again.
    var isUndoable: Bool { get }
    /// What ``undo()`` would restore now, one sentence each.
    func plannedUndo() throws -> [LocalizableText]
    /// Restores what ``act()`` changed, also after an action that failed half-way, or in another run. Each sentence
    /// says what was restored.
    func undo() throws -> [LocalizableText]
}

extension Step {
    public func shareLeft() throws -> Double { 1 }
    public var isUndoable: Bool { false }
    public func plannedUndo() throws -> [LocalizableText] { [] }
    public func undo() throws -> [LocalizableText] { [] }
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

    /// Whether there is something to undo.
    var isOnCluster: Bool { self == .cluster || self == .phones }
}

/// What a step's check found.
public enum StepState: Equatable, Sendable {
    /// Nothing to do; the text says what was found.
    case done(LocalizableText)
    /// There is something to do; the text says what would change and where.
    case pending(LocalizableText)
}

/// What happens during a run, for progress on the terminal.
public enum StepEvent: Sendable {
    case began(number: Int, of: Int, title: LocalizableText)
    case skipped(LocalizableText)
    case doing(LocalizableText)
    case proved([LocalizableText])
    case undoing(title: LocalizableText)
    case undone([LocalizableText])
}
