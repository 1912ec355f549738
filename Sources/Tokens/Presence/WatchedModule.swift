import SmartCards

/// A module that is asked repeatedly which tokens are present.
///
/// In between it is unloaded, so that the card is free for others and the module finds new tokens: many look for tokens
/// only when they are started. A token on another machine is asked over a lasting connection.
final class WatchedModule {
    let path: String
    private let pins: PINLedger
    private let patience: Int
    private var loaded: PKCS11Module?
    /// Whether its tokens are in no reader of this machine, so that the service's events do not cover them.
    private var isOutsideReaders = false
    /// Whether it has to be asked again without an event: also one that failed, because nothing reports when another
    /// program releases a card.
    var needsPolling: Bool { !isHung && (isOutsideReaders || failure != nil) }
    /// Why it could not be asked last time.
    private(set) var failure: TokenError?
    private var isHung = false

    private let readsNames: Bool
    /// The names on the certificates of the tokens that were there last time, by identity.
    private var names: [[String]: [String]] = [:]

    init(path: String, pins: PINLedger, patience: Int, readsNames: Bool) {
        self.path = path
        self.readsNames = readsNames
        self.pins = pins
        self.patience = patience
    }

    private var isRemote: Bool { path.split(separator: "/").last?.hasPrefix("p11-kit-") == true }

    /// The module's current tokens; none if it cannot be asked.
    func tokens(in readers: [Reader]) -> [PresentToken] {
        guard !isHung else { return [] }
        var tokens: [PresentToken] = []
        // If the other machine cannot be reached, p11-kit reports that there are no slots, and keeps doing so.
        defer { if !isRemote || failure != nil || tokens.isEmpty { loaded = nil } }
        do throws(TokenError) {
            tokens = try ask(readers)
        } catch {
            // A kept connection may have ended; a module that hangs must be left alone.
            guard error.code != .noAnswer, loaded != nil, isRemote else { return fail(error) }
            loaded = nil
            do throws(TokenError) { tokens = try ask(readers) } catch { return fail(error) }
        }
        return tokens
    }

    private func fail(_ error: TokenError) -> [PresentToken] {
        isHung = error.code == .noAnswer
        isOutsideReaders = isOutsideReaders || isRemote
        failure = error
        return []
    }

    private func ask(_ readers: [Reader]) throws(TokenError) -> [PresentToken] {
        let module = if let loaded { loaded } else { try PKCS11Module(path: path, pins: pins, patience: patience) }
        loaded = module
        let slots = try module.slotDescriptions()
        isOutsideReaders = isRemote || slots.contains { slot in !readers.contains { $0.isSlot(slot) } }
        let (tokens, failures) = try module.scan()
        // A card that fails while it is removed is not a failure of the module.
        failure = tokens.isEmpty ? failures.first { $0.code == .noAnswer } : nil
        // Reading certificates takes a while: once for each token, until it is gone. None may be a card that was just
        // inserted, and is not ready.
        let known = names
        names = [:]
        if readsNames {
            for token in tokens {
                let identity = token.info.identity
                names[identity] = known[identity].flatMap { $0.isEmpty ? nil : $0 } ?? token.certificateNames
            }
        }
        return tokens.map { token in
            PresentToken(
                info: token.info, module: path, reader: readers.first { $0.isSlot(token.info.slotDescription) },
                certificateNames: names[token.info.identity] ?? [])
        }
    }
}
