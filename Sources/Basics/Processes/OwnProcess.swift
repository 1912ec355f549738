import CLinux

/// This process as others see it.
package enum OwnProcess {
    /// For the rest of its life, other processes of the same user can neither trace it nor read its memory, and it leaves
    /// no core file. Programs that it starts are not affected, except that they leave no core file either.
    ///
    /// Source: PR_SET_DUMPABLE(2const), ptrace(2) ("Ptrace access mode checking"), core(5).
    package static func seal() { etb_seal_process() }
}
