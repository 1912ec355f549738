import CPCSC

/// The smart card service (pcscd): which readers there are, and what is inserted into them.
///
/// Only one thread at a time may call it; ``cancel()`` may be called from any thread.
public final class SmartCardService: @unchecked Sendable {
    // The context is a number that does not change, and libpcsclite keeps a lock for each context.
    private let context: Int64

    /// The pseudo reader whose state changes when readers are added or removed. Its name is part of the interface.
    private static let newReaders = "\\\\?PnP?\\Notification"
    /// Milliseconds after which a wait checks for readers that were added just before it started.
    private static let longestWait: UInt32 = 5000

    /// - Throws: ``SmartCardError`` (`pcsc-not-installed`, `pcsc-no-service`, `pcsc-refused`).
    public init() throws(SmartCardError) {
        var context: Int64 = 0
        let status = PCSCStatus(rawValue: etb_pcsc_open(&context))
        guard status == .success else {
            throw SmartCardError("SCardEstablishContext", status, cause: Self.loadError)
        }
        self.context = context
    }

    deinit { _ = etb_pcsc_close(context) }

    /// Why libpcsclite cannot be loaded; nil if it can.
    public static var loadError: String? { etb_pcsc_load_error().map { String(cString: $0) } }

    /// The readers and their current contents.
    public func readers() throws(SmartCardError) -> [Reader] {
        // A reader may be removed between the two calls.
        for _ in 0..<5 {
            let names = try readerNames()
            if names.isEmpty { return [] }
            let (status, readers) = states(of: names.map { ($0, 0) }, milliseconds: 0)
            switch status {
            case .success, .timeout: return readers
            case .unknownReader, .noReaders: continue
            default: throw SmartCardError("SCardGetStatusChange", status)
            }
        }
        throw SmartCardError("SCardGetStatusChange", .unknownReader)
    }

    /// Waits until a card or a reader is added or removed. That a program starts or stops using a card is not always
    /// reported.
    ///
    /// - Parameters:
    ///   - known: what ``readers()`` or this function returned last.
    ///   - milliseconds: how long to wait at most; nil for no limit.
    /// - Returns: the readers as they are now, or nil if nothing happened in time, or ``cancel()`` was called.
    /// - Throws: ``SmartCardError``; `pcsc-no-service` if the service ended in the meantime.
    public func change(from known: [Reader], milliseconds: UInt32?) throws(SmartCardError) -> [Reader]? {
        var left = milliseconds
        while true {
            // A reader that was added before the wait started does not end it.
            guard try readerNames() == known.map(\.name) else { return try readers() }
            let slice = min(left ?? Self.longestWait, Self.longestWait)
            let asked = known.prefix(Int(ETB_PCSC_MAX_READERS) - 1).map { ($0.name, $0.state) }
            let (status, states) = states(of: asked + [(Self.newReaders, 0)], milliseconds: slice)
            switch status {
            case .success:
                // Readers added since only appear in the list.
                return try readerNames() == known.map(\.name) ? Array(states.dropLast()) : try readers()
            case .unknownReader, .noReaders: return try readers()
            case .timeout:
                guard let rest = left else { continue }
                guard rest > slice else { return nil }
                left = rest - slice
            case .cancelled: return nil
            default: throw SmartCardError("SCardGetStatusChange", status)
            }
        }
    }

    /// Ends a wait of ``change(from:milliseconds:)`` in another thread; it returns nil. A wait that starts later is not
    /// affected.
    public func cancel() { _ = etb_pcsc_cancel(context) }

    /// Whether this program could use the card in a reader now; the card is left as it is.
    ///
    /// - Returns: `success`, or what prevents it, for example that another program has exclusive access to the card.
    public func access(to reader: Reader) -> PCSCStatus {
        PCSCStatus(rawValue: etb_pcsc_try(context, reader.name))
    }

    private func readerNames() throws(SmartCardError) -> [String] {
        for _ in 0..<5 {
            var length: UInt64 = 0
            var status = PCSCStatus(rawValue: etb_pcsc_readers(context, nil, &length))
            if status == .noReaders { return [] }
            guard status == .success else { throw SmartCardError("SCardListReaders", status) }
            var names = [CChar](repeating: 0, count: Int(min(length, 65536)))
            length = UInt64(names.count)
            status = PCSCStatus(rawValue: etb_pcsc_readers(context, &names, &length))
            // A reader was added between the two calls.
            if status == .insufficientBuffer { continue }
            if status == .noReaders { return [] }
            guard status == .success else { throw SmartCardError("SCardListReaders", status) }
            return names.prefix(Int(min(length, UInt64(names.count)))).split(separator: 0).map { name in
                String(decoding: name.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
        throw SmartCardError("SCardListReaders", .insufficientBuffer)
    }

    private func states(
        of readers: [(name: String, known: UInt32)], milliseconds: UInt32
    ) -> (status: PCSCStatus, readers: [Reader]) {
        let names = readers.prefix(Int(ETB_PCSC_MAX_READERS)).map { Array($0.name.utf8CString) }
        // All names in one piece of memory that does not move during the call.
        return names.joined().withContiguousCopy { (text: UnsafeBufferPointer<CChar>) in
            var entries: [etb_pcsc_reader] = []
            var offset = 0
            for (index, name) in names.enumerated() {
                var entry = etb_pcsc_reader()
                entry.name = text.baseAddress! + offset
                entry.state = readers[index].known
                entries.append(entry)
                offset += name.count
            }
            let status = PCSCStatus(
                rawValue: etb_pcsc_wait(context, milliseconds, &entries, UInt32(entries.count)))
            let found = zip(readers, entries).map { reader, entry in
                let atr = withUnsafeBytes(of: entry.atr) { Array($0.prefix(Int(entry.atr_length))) }
                return Reader(name: reader.name, state: entry.state, atr: atr)
            }
            return (status, found)
        }
    }
}

extension Sequence where Element == CChar {
    fileprivate func withContiguousCopy<Result>(_ body: (UnsafeBufferPointer<CChar>) -> Result) -> Result {
        Array(self).withUnsafeBufferPointer(body)
    }
}
