import Basics
import Messages
import Synchronization

/// A query to a module, run on the module's own thread, so that several modules are queried at the same time and one that
/// hangs delays the others for no longer than its deadline. Loading, listing and reading are done in one go, as each
/// hand-over to another thread may take longer than they do; each still has a deadline of its own.
struct ModuleQuery {
    /// What is asked.
    enum Depth { case loading, tokens, contents }

    /// What is known once the module has answered, or has been given up.
    struct Answer: Sendable {
        /// Nil if it could not be loaded.
        var module: PKCS11Module?
        /// Why it could not be loaded, or does not list its slots.
        var failure: TokenError?
        /// Nil if they were not asked for, or not listed.
        var tokens: [Token]?
        /// Why slots could not be read.
        var failures: [TokenError] = []
        /// What is on the tokens, in their order, as far as that was asked.
        var contents: [Result<TokenContents, TokenError>] = []
    }

    private let path: String
    private let patience: Int
    private let progress = Progress()
    private let task: BlockingTask<Void, TokenError>

    /// Loads a module and asks it.
    init(path: String, _ pins: PINLedger, _ patience: Int, _ depth: Depth) {
        let worker = Worker()
        self.path = path
        self.patience = patience
        // The trial has a deadline of its own.
        progress.begin(within: patience + 5)
        task = BlockingTask(on: worker) { [progress] () throws(TokenError) in
            try ModuleTrial.check(path, within: patience)
            progress.begin(within: patience)
            let library = try ModuleCrash.within(path, .reading) { () throws(TokenError) in
                try LoadedLibrary.load(path)
            }
            let module = PKCS11Module(path, pins, patience, library, worker)
            // One that is ready too late is left as it is: it may hang again when it is unloaded.
            guard progress.note({ $0.module = module }) else { return module.giveUp() }
            try Self.ask(module, depth, progress)
        }
    }

    /// Asks a module that is loaded for its tokens.
    init(_ module: PKCS11Module) {
        path = module.path
        patience = module.patience
        _ = progress.note { $0.module = module }
        progress.begin(within: patience)
        task = BlockingTask(on: module.worker) { [progress] () throws(TokenError) in
            try Self.ask(module, .tokens, progress)
        }
    }

    private static func ask(_ module: PKCS11Module, _ depth: Depth, _ progress: Progress) throws(TokenError) {
        guard depth != .loading else { return }
        try ModuleCrash.within(module.path, .reading) { () throws(TokenError) in
            try answer(module, depth, progress)
        }
    }

    private static func answer(_ module: PKCS11Module, _ depth: Depth, _ progress: Progress) throws(TokenError) {
        progress.begin(within: module.patience)
        let (tokens, failures) = try module.scan()
        guard progress.note({ ($0.tokens, $0.failures) = (tokens, failures) }), depth == .contents else { return }
        for token in tokens {
            progress.begin(within: module.patience)
            let contents = Result { () throws(TokenError) in try token.contents() }
            guard progress.note({ $0.contents.append(contents) }) else { return }
        }
    }

    /// Waits for the answer. To be called once.
    func answer() -> Answer {
        if let result = task.result(until: { progress.deadline }) {
            var answer = progress.end()
            if case .failure(let error) = result { answer.failure = error }
            return answer
        }
        var answer = progress.end()
        guard let module = answer.module else {
            answer.failure = PKCS11Module.doesNotLoad(path, patience)
            return answer
        }
        module.giveUp()
        guard let tokens = answer.tokens else {
            answer.failure = PKCS11Module.noAnswer(.verbatim(path), path, patience)
            return answer
        }
        for token in tokens.dropFirst(answer.contents.count) {
            let label = token.info.plainLabel
            answer.contents.append(.failure(PKCS11Module.noAnswer(localized("Token \(label)"), label, patience)))
        }
        return answer
    }

    /// What the thread has found so far, and the deadline for what it is doing.
    private final class Progress: Sendable {
        private struct State {
            var answer = Answer()
            var deadline = Deadline.never
            var hasEnded = false
        }

        private let state = Mutex(State())

        var deadline: Deadline { state.withLock { $0.deadline } }

        func begin(within seconds: Int) { state.withLock { $0.deadline = Deadline(seconds: seconds) } }

        /// - Returns: false if nobody waits for it any more.
        func note(_ change: (inout Answer) -> Void) -> Bool {
            state.withLock { state in
                guard !state.hasEnded else { return false }
                change(&state.answer)
                return true
            }
        }

        func end() -> Answer {
            state.withLock { state in
                state.hasEnded = true
                return state.answer
            }
        }
    }
}
