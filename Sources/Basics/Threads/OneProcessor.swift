import CLinux

/// The processors on which a thread may run.
struct OneProcessor: Sendable {
    private let processors: [UInt8]

    /// Keeps this thread on the processor that it runs on, while it starts another one or waits for one that ran there as
    /// well. To wake a thread elsewhere, a processor that sleeps may have to be woken, which takes milliseconds in some
    /// virtual machines. If it cannot be kept there, that is all that is lost.
    ///
    /// - Parameter body: gets what this thread, and the ones that it starts meanwhile, have to restore.
    static func stay<Result>(_ body: (OneProcessor) -> Result) -> Result {
        var processors = [UInt8](repeating: 0, count: Int(etb_processors_size()))
        let before = OneProcessor(processors: etb_stay_on_processor(&processors) == 0 ? processors : [])
        defer { before.restore() }
        return body(before)
    }

    /// Lets this thread run where that one could before.
    func restore() {
        guard !processors.isEmpty else { return }
        etb_run_on_processors(processors)
    }
}
