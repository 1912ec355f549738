import Glibc

extension VirtualTokens {
    /// How another program holds a card: `SCARD_SHARE_EXCLUSIVE` or `SCARD_SHARE_SHARED`.
    public enum Share: Int, Sendable {
        case exclusive = 1
        case shared = 2
    }

    /// A program that connects to the card of a token (0 or 1) through libpcsclite, and keeps it until it ends.
    public func hold(_ token: Int, _ share: Share = .exclusive) throws -> ChildProcess {
        let output = TemporaryFolder()
        let holder = try ChildProcess(
            ["python3", "-u", "-c", Self.holder, "Virtual PCD 00 0\(token)", "\(share.rawValue)"],
            output: output.file("out"), environment: environment)
        guard comesTrue(within: 60, { output.text("out") == "held\n" || !holder.isRunning }), holder.isRunning else {
            throw ChildProcess.Failure(description: "the card cannot be held: \(output.text("out"))")
        }
        return holder
    }

    private static let holder = """
        import ctypes, sys, time
        pcsc = ctypes.CDLL("libpcsclite.so.1")
        context, card, protocol = ctypes.c_long(), ctypes.c_long(), ctypes.c_ulong()
        assert pcsc.SCardEstablishContext(ctypes.c_ulong(2), None, None, ctypes.byref(context)) == 0
        assert pcsc.SCardConnect(context, sys.argv[1].encode(), ctypes.c_ulong(int(sys.argv[2])), ctypes.c_ulong(3),
            ctypes.byref(card), ctypes.byref(protocol)) == 0
        print("held")
        time.sleep(600)
        """
}
